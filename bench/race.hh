#pragma once
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "bench/row.hh"

namespace cupel::bench {

// What could be measured, and why the rest could not.
struct Report {
  std::vector<Row> rows;
  std::vector<std::string> missing;  // for people, each with the row's name
};

struct Contestant {
  std::string name;
  std::string unit;
  std::string baseline;  // another contestant's name, or its own
  // Measures for about so many seconds.
  std::function<std::expected<double, std::string>(double seconds)> turn;
};

// Measures each for `seconds` in all. They take turns, so that whatever else the machine does meets all of them; the
// median of a contestant's turns is its value, so that what meets one of them alone does not count.
Report race(const std::vector<Contestant>& contestants, double seconds);

// Repeats `work`, which says how many things it did, for about so long; things a second.
double rate(double seconds, const std::function<size_t()>& work);

}  // namespace cupel::bench
