#include "fuzz/campaign/plot.hh"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

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

std::string script_of(const std::string& title, const std::string& x_label, const std::string& y_label, const std::vector<Series>& series,
                      const std::string& output) {
  std::string script = fmt::format(
      "set terminal svg size 640,320 dynamic font 'sans-serif,11' background 'white'\nset output '{}'\nset title '{}'\nset xlabel '{}'\n"
      "set ylabel '{}'\nset key outside right noenhanced\nset grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset yrange [0:*]\n",
      output, title, x_label, y_label);
  for (size_t index = 0; index < series.size(); ++index) {
    script += fmt::format("$s{} << END\n", index);
    for (const auto& [x, y] : series[index].points) script += fmt::format("{} {}\n", x, y);
    script += "END\n";
  }
  script += "plot ";
  for (size_t index = 0; index < series.size(); ++index) {
    script += fmt::format("{}$s{} using 1:2 with linespoints pt 7 ps 0.3 lw 2 title '{}'", index == 0 ? "" : ", ", index, series[index].name);
  }
  return script + "\n";
}

}  // namespace

std::expected<std::string, std::string> plot_svg(const std::string& title, const std::string& x_label, const std::string& y_label,
                                                 const std::vector<Series>& series) {
  std::vector<Series> drawn;
  std::ranges::copy_if(series, std::back_inserter(drawn), [](const Series& one) { return !one.points.empty(); });
  if (drawn.empty()) return std::unexpected("nothing was sampled");
  const ScratchFile script(".gp"), output(".svg");
  if (auto written = write_file(script.path(), script_of(title, x_label, y_label, drawn, output.path())); !written) return std::unexpected(written.error());
  const std::string command = "gnuplot " + script.path() + " 2>/dev/null";
  if (system(command.c_str()) != 0) return std::unexpected("gnuplot failed or is not installed (package gnuplot-nox)");
  auto svg = read_file(output.path());
  if (!svg) return svg;
  const auto begin = svg->find("<svg");
  return begin == std::string::npos ? std::unexpected(std::string("gnuplot drew nothing")) : std::expected<std::string, std::string>(svg->substr(begin));
}

}  // namespace cupel::fuzz
