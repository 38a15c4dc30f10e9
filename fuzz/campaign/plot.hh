#pragma once
#include <expected>
#include <string>
#include <vector>

namespace cupel::fuzz {

struct Series {
  std::string name;
  std::string colour;  // a CSS colour
  std::vector<std::pair<double, double>> points;  // seconds, value
  double gap_max = 0;  // seconds without a point beyond which the line is broken; 0: never
};

// Lines over time as an SVG element, drawn by gnuplot. Its ink and grid take the page's colours --ink and --grid, its
// font the page's, so that one drawing fits a light and a dark page; names are the page's to show. `name` is unique in
// the page. The error says why there is none.
std::expected<std::string, std::string> plot_svg(const std::string& name, const std::vector<Series>& series);

}  // namespace cupel::fuzz
