#pragma once
#include <string>
#include <string_view>

namespace cupel::fuzz {

// Text as it stands in HTML and XML, in elements and in quoted attributes. What XML cannot hold (control characters) becomes
// U+FFFD.
std::string as_markup(std::string_view text);

}  // namespace cupel::fuzz
