#pragma once
#include <span>
#include <string>
#include <string_view>

namespace cupel::cli {

// The candidate that `word` was most likely meant to be: fewest letters to change, add, leave out or swap with a neighbour,
// and no more than a third of it. Empty where none is as near.
std::string closest(std::string_view word, std::span<const std::string> candidates);

}  // namespace cupel::cli
