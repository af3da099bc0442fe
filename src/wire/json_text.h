// Texts of single JSON values exactly as fastjson 1.2 writes them. Rules JSON-10, JSON-11.
#pragma once

#include <string>
#include <string_view>

namespace rmq::wire {

enum class JsonEscape {
  kControl,   // what JSON requires, U+007F to U+009F and the two line separators; the default
  kNonAscii,  // also '/' and everything beyond ASCII (fastjson's BrowserCompatible)
};

// Appends `text` (UTF-8) in double quotes.
void AppendJsonString(std::string& out, std::string_view text,
                      JsonEscape escape = JsonEscape::kControl);

// Appends what Java's Double.toString prints, and null for what is no number.
void AppendJsonDouble(std::string& out, double value);

}  // namespace rmq::wire
