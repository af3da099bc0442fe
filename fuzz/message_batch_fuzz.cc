// A batch that can be read to its end is read alike after it was encoded again.
#include <vector>

#include "base/assert.h"
#include "wire/message_batch.h"

using namespace rmq;
using namespace rmq::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Slice input(reinterpret_cast<const std::byte*>(data), size);
  std::vector<BatchRecord> records;
  BatchReader reader(input);
  while (true) {
    const auto next = reader.Next();
    if (!next.has_value()) {
      RMQ_ASSERT(!reader.Next().has_value());
      RMQ_ASSERT(!CountBatchRecords(input).has_value());
      return 0;
    }
    if (!next->has_value()) break;
    records.push_back(**next);
  }
  RMQ_ASSERT(CountBatchRecords(input).value() == records.size());

  const Bytes again = EncodeBatch(records).value();
  RMQ_ASSERT(again.size() == input.size());
  BatchReader second(again.view());
  for (const BatchRecord& expected : records) {
    const auto got = second.Next().value();
    RMQ_ASSERT(got.has_value());
    RMQ_ASSERT(got->flag == expected.flag);
    RMQ_ASSERT(AsText(got->body) == AsText(expected.body));
    RMQ_ASSERT(got->properties == expected.properties);
  }
  return 0;
}
