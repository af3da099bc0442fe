// Java's .properties text. What is read is written and read again.
#include <map>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "wire/properties_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto properties = rmq::wire::ParseProperties(text);
  if (!properties.has_value()) return 0;
  std::string written;
  std::map<std::string, std::string> values;
  for (const auto& property : *properties) {
    written += rmq::wire::PropertyLine(property.key, property.value);
    values[property.key] = property.value;
  }
  const auto again = rmq::wire::ParseProperties(written).value();
  RMQ_ASSERT(again.size() == properties->size());
  for (size_t i = 0; i < again.size(); ++i) {
    RMQ_ASSERT(again[i].key == (*properties)[i].key);
    RMQ_ASSERT(again[i].value == (*properties)[i].value);
  }
  RMQ_ASSERT(rmq::wire::ChangeProperties(text, values).has_value());
  return 0;
}
