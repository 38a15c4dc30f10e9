#include "fuzz/campaign/plot.hh"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

constexpr size_t points_max = 400;  // of a line: more than the eye can tell apart at this width

// A file of our own that goes when we are done with it.
class ScratchFile {
 public:
  explicit ScratchFile(const char* suffix) : path_((std::filesystem::temp_directory_path() / "cupel-plot-XXXXXX").string() + suffix) {
    const int fd = mkstemps(path_.data(), static_cast<int>(std::string_view(suffix).size()));
    if (fd >= 0) close(fd);
  }
  ~ScratchFile() {
    std::error_code error;
    std::filesystem::remove(path_, error);
  }
  ScratchFile(const ScratchFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// gnuplot knows colours as numbers only. These stand for the page's own, and are replaced in what it draws.
struct Placeholder {
  int red, green, blue;
  std::string css;
  std::string for_gnuplot() const { return fmt::format("rgb '#{:02x}{:02x}{:02x}'", red, green, blue); }
};
const Placeholder ink{1, 2, 3, "var(--ink)"}, grid{4, 5, 6, "var(--grid)"};
Placeholder line_colour(size_t index, const std::string& css) { return {10, static_cast<int>(index), 7, css}; }

void replace_all(std::string& text, std::string_view old, std::string_view fresh) {
  for (auto at = text.find(old); at != std::string::npos; at = text.find(old, at + fresh.size())) text.replace(at, old.size(), fresh);
}

void put_colour(std::string& svg, const Placeholder& colour) {
  replace_all(svg, fmt::format("rgb({:3}, {:3}, {:3})", colour.red, colour.green, colour.blue), colour.css);
  replace_all(svg, fmt::format("rgb({},{},{})", colour.red, colour.green, colour.blue), colour.css);
}

// 1, 2 or 5 times a power of ten: about `count` steps up to `max`.
double nice_step(double max, int count) {
  const double raw = max / count, power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

std::string number_label(double value, double max) {
  if (max >= 1e6) return value == 0 ? "0" : fmt::format("{:g} M", value / 1e6);
  if (max >= 1e4) return value == 0 ? "0" : fmt::format("{:g} k", value / 1e3);
  return fmt::format("{:g}", value);
}

struct TimeUnit {
  double seconds;
  const char* name;
};
TimeUnit unit_for(double seconds_max) {
  if (seconds_max >= 4 * 3600) return {3600, "h"};
  if (seconds_max >= 240) return {60, "min"};
  return {1, "s"};
}

std::string y_tics(double max) {
  const double step = nice_step(max, 4);
  std::string tics;
  for (int index = 0; index * step < max + step; ++index) tics += fmt::format("{}\"{}\" {}", index == 0 ? "" : ", ", number_label(index * step, max), index * step);
  return fmt::format("set ytics scale 0 ({})\nset yrange [0:{}]\n", tics, std::ceil(max / step) * step);
}

std::string x_tics(double max) {
  const TimeUnit unit = unit_for(max);
  const double step = nice_step(max / unit.seconds, 6);
  std::string tics;
  for (int index = 0; index * step * unit.seconds <= max * 1.001; ++index) {
    tics += fmt::format("{}\"{:g}{}\" {}", index == 0 ? "" : ", ", index * step, index == 0 ? "" : fmt::format(" {}", unit.name), index * step * unit.seconds);
  }
  return fmt::format("set xtics scale 0.4 ({})\nset xrange [0:{}]\n", tics, max);
}

std::string data_of(const Series& series) {
  std::string data;
  const size_t stride = series.points.size() / points_max + 1;
  for (size_t index = 0; index < series.points.size(); ++index) {
    const bool after_gap = series.gap_max > 0 && index > 0 && series.points[index].first - series.points[index - 1].first > series.gap_max;
    if (after_gap) data += "\n";  // which starts a line of its own
    if (index % stride != 0 && index + 1 != series.points.size()) continue;
    data += fmt::format("{:.2f} {}\n", series.points[index].first, series.points[index].second);
  }
  return data;
}

std::string script_of(const std::string& name, const std::vector<Series>& series, const std::string& output) {
  double x_max = 1, y_max = 1;
  for (const Series& one : series) {
    for (const auto& [x, y] : one.points) x_max = std::max(x_max, x), y_max = std::max(y_max, y);
  }
  std::string script = fmt::format(
      "set terminal svg name '{}' size 560,280 dynamic font 'sans-serif,13'\nset output '{}'\nset key off\nset lmargin 8\nset rmargin 2.5\nset tmargin 0.8\n"
      "set grid y lc {} lt 1 lw 0.8\nset border 1 lc {}\nset tics nomirror textcolor {}\n",
      name, output, grid.for_gnuplot(), grid.for_gnuplot(), ink.for_gnuplot());
  script += x_tics(x_max) + y_tics(y_max);
  for (size_t index = 0; index < series.size(); ++index) script += fmt::format("$s{} << END\n{}END\n", index, data_of(series[index]));
  script += "plot ";
  for (size_t index = 0; index < series.size(); ++index) {
    const bool dot = series[index].points.size() == 1;  // one sample is no line
    script += fmt::format("{}$s{} using 1:2 with {} lw 2 lc {}", index == 0 ? "" : ", ", index, dot ? "points pt 7 ps 0.5" : "lines",
                          line_colour(index, {}).for_gnuplot());
  }
  return script + "\n";
}

std::string dressed(std::string svg, const std::vector<Series>& series) {
  put_colour(svg, ink);
  put_colour(svg, grid);
  for (size_t index = 0; index < series.size(); ++index) {
    put_colour(svg, line_colour(index, series[index].colour));
    replace_all(svg, fmt::format("<title>$s{} using 1:2</title>", index), fmt::format("<title>{}</title>", series[index].name));
  }
  replace_all(svg, "font-family=\"sans-serif\" ", "");
  const auto title = svg.find("<title>"), end = svg.find("</desc>");  // of the whole drawing: its caption says it better
  if (title != std::string::npos && end != std::string::npos && title < end) svg.erase(title, end + 7 - title);
  return svg;
}

}  // namespace

std::expected<std::string, std::string> plot_svg(const std::string& name, const std::vector<Series>& series) {
  std::vector<Series> drawn;
  std::ranges::copy_if(series, std::back_inserter(drawn), [](const Series& one) { return !one.points.empty(); });
  if (drawn.empty()) return std::unexpected("nothing was sampled");
  const ScratchFile script(".gp"), output(".svg");
  if (auto written = write_file(script.path(), script_of(name, drawn, output.path())); !written) return std::unexpected(written.error());
  const std::string command = "gnuplot " + script.path() + " 2>/dev/null";
  if (system(command.c_str()) != 0) return std::unexpected("gnuplot failed or is not installed (package gnuplot-nox)");
  auto svg = read_file(output.path());
  if (!svg) return svg;
  const auto begin = svg->find("<svg");
  if (begin == std::string::npos) return std::unexpected("gnuplot drew nothing");
  return dressed(svg->substr(begin), drawn);
}

}  // namespace cupel::fuzz
