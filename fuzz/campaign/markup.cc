#include "fuzz/campaign/markup.hh"

namespace cupel::fuzz {

std::string as_markup(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else if (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t' && c != '\r') out += "\xef\xbf\xbd";
    else out += c;
  }
  return out;
}

}  // namespace cupel::fuzz
