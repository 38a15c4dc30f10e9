#include "fuzz/campaign/calls.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "fuzz/replay/input.hh"
#include "fuzz/replay/isolated.hh"
#include "libos/interface/desc.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr size_t traced_inputs_max = 3000;  // of each target
constexpr std::chrono::seconds tracing_time{4}, tracing_time_max{30};  // of each target; beyond the second, it hangs

struct CallCount {
  uint64_t inputs = 0, made = 0;
  std::map<std::string, uint64_t> outcomes;  // "ok" and errnos
  size_t last_input = SIZE_MAX;
};
using Counts = std::map<std::string, CallCount, std::less<>>;

// From a trace line "  3 openat(AT_FDCWD, ...) = -1 ENOENT" the call's name and what came back.
void count_line(std::string_view line, size_t input, Counts& calls) {
  const auto paren = line.find('('), equals = line.rfind(" = ");
  if (paren == std::string_view::npos || equals == std::string_view::npos || equals < paren) return;
  const auto before = line.substr(0, paren).find_last_of(" :=]");
  const auto name = line.substr(before == std::string_view::npos ? 0 : before + 1, paren - (before == std::string_view::npos ? 0 : before + 1));
  const auto known = calls.find(name);
  if (known == calls.end()) return;
  const auto result = line.substr(equals + 3);
  std::string outcome = "ok";
  if (result.starts_with("-1 E")) outcome = result.substr(3, result.find_first_of(" ;\n", 3) - 3);
  else if (result.starts_with("? (sleeps")) return;  // how it ends is a line of its own
  CallCount& count = known->second;
  ++count.made;
  ++count.outcomes[outcome];
  if (count.last_input != input) ++count.inputs;
  count.last_input = input;
}

// What the PCT schedules of one depth promise: the least and the greatest probability with which one of them shows a bug
// of that depth.
struct Promise {
  uint64_t inputs = 0;
  double least = 1, most = 0;
  void add(const Promise& other) {
    inputs += other.inputs;
    least = std::min(least, other.least);
    most = std::max(most, other.most);
  }
};
using Promises = std::map<std::string, Promise>;  // by depth

// From the line with which a trace ends, see LinuxTarget::promise().
void count_promise(const std::string& line, Promises& promises) {
  unsigned tasks = 0, points = 0, depth = 0;
  double bound = 0;
  if (std::sscanf(line.c_str(), "PCT: %u tasks, %u preemption points: a bug of depth %u shows with a probability of at least %lf", &tasks, &points, &depth, &bound) != 4) return;
  promises[std::to_string(depth)].add({1, bound, bound});
}

nlohmann::json as_json(const Promises& promises) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [depth, promise] : promises) out[depth] = {{"inputs", promise.inputs}, {"least", promise.least}, {"most", promise.most}};
  return out;
}

std::vector<fs::path> sample_of(const fs::path& folder, size_t& total) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) files.push_back(entry.path());
  std::ranges::sort(files);  // names are hashes, so any part of them is a fair sample
  total = files.size();
  if (files.size() > traced_inputs_max) files.resize(traced_inputs_max);
  return files;
}

nlohmann::json as_json(const Counts& calls) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [name, count] : calls) out[name] = {{"inputs", count.inputs}, {"made", count.made}, {"outcomes", count.outcomes}};
  return out;
}

// What one target's corpus does, counted in a process of its own.
std::string trace_corpus(const std::string& target, const interface::InterfaceDesc& desc, const std::vector<fs::path>& files) {
  const auto until = Clock::now() + tracing_time;
  auto runner = find_target(target)->make();
  Counts calls;
  Promises promises;
  for (const interface::CallDesc& call : desc.calls) calls[std::string(call.name)];
  size_t traced = 0;
  for (const fs::path& file : files) {
    if (Clock::now() >= until) break;
    auto input = load_input(file, target);
    if (!input) continue;
    const std::string trace = runner->trace(input->bytes);
    for (size_t at = 0; at < trace.size();) {
      const size_t end = std::min(trace.find('\n', at), trace.size());
      count_line(std::string_view(trace).substr(at, end - at), traced, calls);
      if (trace.compare(at, 4, "PCT:") == 0) count_promise(trace.substr(at, end - at), promises);
      at = end + 1;
    }
    ++traced;
  }
  return nlohmann::json{{"traced", traced}, {"calls", as_json(calls)}, {"pct", as_json(promises)}}.dump();
}

nlohmann::json row_of(const interface::CallDesc& call, const CallCount& count) {
  nlohmann::json unseen = nlohmann::json::array();
  if (!count.outcomes.contains("ok")) unseen.push_back("ok");
  for (const Errno error : call.errnos) {
    if (!count.outcomes.contains(std::string(errno_name(error)))) unseen.push_back(errno_name(error));
  }
  return {{"name", call.name}, {"inputs", count.inputs}, {"made", count.made}, {"seen", count.outcomes}, {"unseen", unseen}};
}

double coverage_of(const nlohmann::json& row) {
  const auto seen = static_cast<double>(row["seen"].size()), unseen = static_cast<double>(row["unseen"].size());
  return seen / std::max(1.0, seen + unseen);
}

class Table {
 public:
  explicit Table(const interface::InterfaceDesc& desc) : desc_(desc) {}

  void add(const State& state, const std::string& target) {
    size_t total = 0;
    const auto files = sample_of(state.corpus(target), total);
    inputs_ += total;
    const auto counted = run_isolated([&] { return trace_corpus(target, desc_, files); }, tracing_time_max);
    const auto said = counted && counted->came_back() ? nlohmann::json::parse(counted->answer, nullptr, false) : nlohmann::json();
    if (!said.is_object()) {
      problem_ = fmt::format("the corpus of {} could not be traced: {}", target, counted ? counted->complaints.substr(0, counted->complaints.find('\n')) : counted.error());
      return;
    }
    traced_ += said["traced"].get<size_t>();
    for (const auto& [depth, row] : said["pct"].items()) promises_[depth].add({row["inputs"].get<uint64_t>(), row["least"].get<double>(), row["most"].get<double>()});
    for (const auto& [name, row] : said["calls"].items()) {
      CallCount& count = calls_[name];
      count.inputs += row["inputs"].get<uint64_t>();
      count.made += row["made"].get<uint64_t>();
      for (const auto& [outcome, times] : row["outcomes"].items()) count.outcomes[outcome] += times.get<uint64_t>();
    }
  }

  nlohmann::json rows() const {
    std::vector<nlohmann::json> rows;
    for (const interface::CallDesc& call : desc_.calls) {
      const auto count = calls_.find(call.name);
      rows.push_back(row_of(call, count == calls_.end() ? CallCount{} : count->second));
    }
    std::ranges::sort(rows, {}, [](const nlohmann::json& row) { return std::pair(coverage_of(row), row["name"].get<std::string>()); });
    nlohmann::json out{{"interface", desc_.name}, {"inputs", inputs_}, {"traced", traced_}, {"calls", rows}, {"pct", as_json(promises_)}};
    if (!problem_.empty()) out["problem"] = problem_;
    return out;
  }

 private:
  const interface::InterfaceDesc& desc_;
  Counts calls_;
  Promises promises_;
  size_t inputs_ = 0, traced_ = 0;
  std::string problem_;
};

}  // namespace

nlohmann::json calls_by_interface(const State& state, const std::vector<std::string>& targets) {
  std::map<std::string_view, Table> tables;
  for (const std::string& target : targets) {
    const TargetInfo* info = find_target(target);
    if (info == nullptr || (info->unavailable != nullptr && !info->unavailable().empty())) continue;
    const auto runner = info->make();
    const interface::InterfaceDesc* desc = runner->interface();
    if (desc != nullptr) tables.try_emplace(desc->name, *desc).first->second.add(state, target);
  }
  nlohmann::json all = nlohmann::json::array();
  for (const auto& [name, table] : tables) all.push_back(table.rows());
  return all;
}

}  // namespace cupel::fuzz
