// The view and the list agree on what a properties text says, and what the list writes, it reads.
#include "base/assert.h"
#include "wire/message_properties.h"

using namespace rmq;
using namespace rmq::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Properties properties = Properties::Parse(text);
  const PropertiesView view(text);
  size_t seen = 0;
  for (const auto& [name, value] : view) {
    RMQ_ASSERT(!name.empty());
    RMQ_ASSERT(!value.empty());
    RMQ_ASSERT(properties.Find(name).has_value());
    ++seen;
  }
  RMQ_ASSERT(properties.size() <= seen);
  for (const auto& entry : properties) RMQ_ASSERT(view.Find(entry.name) == entry.value);
  RMQ_ASSERT(Properties::Parse(properties.ToString()) == properties);
  return 0;
}
