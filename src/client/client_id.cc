#include "client/client_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace rmq::client {
namespace {

uint32_t RandomNumber(runtime::Runtime& runtime, runtime::Site site) {
  std::array<std::byte, 4> raw;
  runtime.random().Fill(site, raw);
  return LoadBigEndian<uint32_t>(raw.data());
}

std::string Sanitized(std::string_view name) {
  std::string clean(name);
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return c <= ' ' || c == '@' || c == '#'; }, '_');
  return clean;
}

}  // namespace

std::string MakeClientId(runtime::Runtime& runtime, std::string_view instance_name) {
  const uint32_t chance = RandomNumber(runtime, "client: id");
  std::string id = fmt::format("{}@{}#{:08x}-{}", runtime.network().LocalAddress().ToString(),
                               runtime.process_id(), chance, runtime.executor().NextNumber());
  if (!instance_name.empty()) id += "@" + Sanitized(instance_name);
  return id;
}

UniqIdSource::UniqIdSource(runtime::Runtime& runtime) : clock_(runtime.clock()) {
  id_.ip = runtime.network().LocalAddress();
  id_.pid = static_cast<uint16_t>(runtime.process_id());
  id_.class_hash = RandomNumber(runtime, "client: uniq id");
  latest_ = clock_.WallNow();
  month_start_ = wire::MonthOf(latest_, minutes(0)).start;
}

std::string UniqIdSource::Next() {
  latest_ = std::max(latest_, clock_.WallNow());
  const wire::Month month = wire::MonthOf(latest_, minutes(0));
  month_start_ = std::max(month_start_, month.start);
  id_.span_ms = wire::UniqIdSpan(latest_, month_start_);
  ++id_.counter;
  return id_.ToString();
}

}  // namespace rmq::client
