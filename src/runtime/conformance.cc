#include "runtime/conformance.h"

#include <gtest/gtest.h>

#include <iterator>
#include <utility>

#include "runtime/conformance_tools.h"

namespace rmq::runtime {
namespace {

class CaseTest : public testing::Test {
 public:
  CaseTest(ConformanceCase each, std::function<void(const ConformanceCase&)> run)
      : case_(std::move(each)), run_(std::move(run)) {}
  void TestBody() override { run_(case_); }

 private:
  const ConformanceCase case_;
  const std::function<void(const ConformanceCase&)> run_;
};

}  // namespace

std::vector<ConformanceCase> ConformanceCases() {
  using namespace conformance;
  std::vector<ConformanceCase> all;
  for (auto* cases : {&TimeCases, &FiberCases, &ExecutorCases, &GateCases, &LockCases,
                      &ChannelCases, &InterruptionCases, &ListenerCases, &StreamCases,
                      &StreamEndCases, &FileCases, &DirectoryCases}) {
    std::ranges::move((*cases)(), std::back_inserter(all));
  }
  return all;
}

void RegisterConformanceTests(const std::string& world, std::vector<ConformanceCase> cases,
                              std::function<void(const ConformanceCase&)> run) {
  for (const ConformanceCase& each : cases) {
    testing::RegisterTest((world + each.area).c_str(), each.name.c_str(), nullptr, nullptr,
                          __FILE__, __LINE__,
                          [each, run]() -> testing::Test* { return new CaseTest(each, run); });
  }
}

}  // namespace rmq::runtime
