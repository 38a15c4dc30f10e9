#pragma once
#include <expected>
#include <string>
#include <vector>

namespace cupel::fuzz {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

// A line plot as an SVG element, drawn by gnuplot. The error says why there is none.
std::expected<std::string, std::string> plot_svg(const std::string& title, const std::string& x_label, const std::string& y_label,
                                                 const std::vector<Series>& series);

}  // namespace cupel::fuzz
