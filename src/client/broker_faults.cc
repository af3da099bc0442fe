#include "client/broker_faults.h"

#include <array>

namespace rmq::client {
namespace {

struct Step {
  milliseconds latency;
  milliseconds avoid;
};
// The steps of Apache's MQFaultStrategy.
constexpr std::array<Step, 5> kSteps = {{{milliseconds(15'000), milliseconds(30'000)},
                                         {milliseconds(5'000), milliseconds(10'000)},
                                         {milliseconds(3'000), milliseconds(6'000)},
                                         {milliseconds(1'800), milliseconds(5'000)},
                                         {milliseconds(550), milliseconds(2'000)}}};
constexpr seconds kAvoidFailed{10};

}  // namespace

void BrokerFaults::Succeeded(const std::string& broker, nanoseconds latency, Tick now) {
  for (const Step& step : kSteps) {
    if (latency < step.latency) continue;
    avoided_until_[broker] = now + step.avoid;
    return;
  }
  avoided_until_.erase(broker);
}

void BrokerFaults::Failed(const std::string& broker, Tick now) {
  avoided_until_[broker] = now + kAvoidFailed;
}

bool BrokerFaults::Avoid(std::string_view broker, Tick now) const {
  const auto fault = avoided_until_.find(broker);
  return fault != avoided_until_.end() && now < fault->second;
}

}  // namespace rmq::client
