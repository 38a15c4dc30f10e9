#include "bench/syscall_rows.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "bench/command.hh"

namespace cupel::bench {
namespace {

struct Way {
  const char* name;
  const char* baseline;
  std::string command;
};

}  // namespace

Report bench_syscall(const std::string& runner, const std::string& guest) {
  const auto run = [&](const char* options, const char* what) { return fmt::format("'{}' {} -- '{}' {}", runner, options, guest, what); };
  constexpr const char* file = "/dev/shm/cupel-bench-pread";
  const std::string pread = fmt::format("pread {}", file);
  const std::vector<Way> ways{
      {"native getppid", "native getppid", fmt::format("'{}' getppid", guest)},
      {"patched getppid", "native getppid", run("", "getppid")},
      {"dispatch getppid", "native getppid", run("--no-patch", "getppid")},
      {"native pread 4KiB", "native pread 4KiB", fmt::format("'{}' {}", guest, pread)},
      {"patched pread 4KiB", "native pread 4KiB", run("", "pread /tmp/cupel-bench-pread")},
  };
  constexpr int rounds = 5;
  std::map<std::string, std::vector<double>> values;
  Report report;
  for (int round = 0; round < rounds; ++round) {
    for (const Way& way : ways) {
      const auto text = output_of(way.command);
      double value = 0;
      const bool is_number = text && std::from_chars(text->data(), text->data() + text->size(), value).ec == std::errc{} && value > 0;
      if (is_number) values[way.name].push_back(value);
      else if (round == 0) report.missing.push_back(fmt::format("{}: {}", way.name, text ? "it printed no number" : text.error()));
    }
  }
  const auto median = [&](const char* name) {
    std::vector<double>& all = values[name];
    std::ranges::sort(all);
    return all.empty() ? 0.0 : all[all.size() / 2];
  };
  for (const Way& way : ways) {
    const double value = median(way.name), baseline = median(way.baseline);
    if (value > 0 && baseline > 0) report.rows.push_back({way.name, value, "ns", way.baseline, baseline, value / baseline});
  }
  return report;
}

}  // namespace cupel::bench
