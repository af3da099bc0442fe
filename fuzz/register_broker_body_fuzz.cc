// Registrations from brokers. The first byte chooses: 0 plain JSON, 1 a compressed body, 2 the
// content of a compressed body, so that the search need not find its way through zlib.
#include <string>
#include <string_view>

#include "base/assert.h"
#include "wire/compression.h"
#include "wire/mq_version.h"
#include "wire/register_broker_body.h"

namespace {

using rmq::AsBytes;
using namespace rmq::wire;  // NOLINT: a fuzz target speaks of nothing else.

std::string Again(std::string_view json) {
  const auto body = DecodeRegisterBrokerBody(AsBytes(json), false, kOurVersion);
  RMQ_ASSERT(body.has_value());
  return EncodeRegisterBrokerBody(*body, false).value();
}

// The first encoding replaces bytes that are no UTF-8, which can make two keys one; from then on
// nothing may change.
void Check(std::string_view text, bool compressed) {
  const auto body = DecodeRegisterBrokerBody(AsBytes(text), compressed, kOurVersion);
  if (!body.has_value()) return;
  const std::string json = Again(EncodeRegisterBrokerBody(*body, false).value());
  RMQ_ASSERT(Again(json) == json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 2) {
    Check(Compress(CompressionType::kZlib, AsBytes(text), 1).value(), true);
  } else {
    Check(text, data[0] == 1);
  }
  return 0;
}
