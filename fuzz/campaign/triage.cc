#include "fuzz/campaign/triage.hh"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <nlohmann/json.hpp>

#include "fuzz/campaign/instrumented.hh"
#include "fuzz/replay/isolated.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr int replays = 3;                     // a finding has failed in the same way so many times
constexpr std::chrono::seconds hang_time{20};  // what the engines call a hang, too

// One bug, one id: its target, the oracle that saw it, and where. Minimising keeps all three (judge_by_replay,
// Instrumented::judge), so that the id of an input as it was found is that of what will be left of it.
std::string id_of(const Replay& finding) {
  std::string id = finding.target + "-" + finding.oracle + "-" + where_seen(finding);
  std::ranges::replace_if(id, [](unsigned char c) { return std::isalnum(c) == 0 && c != '_' && c != '-'; }, '_');
  return id;
}

std::string now_as_text() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())); }

// A finding, and who sees it: the plain replay, or only the instrumented program.
struct Seen {
  Replay finding;
  bool by_plain_replay;
};

std::optional<Seen> look_once(const Input& input, const Instrumented& instrumented) {
  auto plain = replay(input, {.without = {}, .repeat = 1, .time_max = hang_time});
  const bool by_plain = plain && plain->verdict != "ok";
  if (by_plain && (plain->verdict != "crash" || !plain->place.empty())) return Seen{std::move(*plain), true};
  if (auto told = instrumented.ask(input)) return Seen{std::move(*told), false};  // of a bare crash, a sanitizer tells more
  if (by_plain) return Seen{std::move(*plain), true};
  return std::nullopt;
}

// As often as needed with one verdict, or nothing.
std::optional<Seen> confirmed(const Input& input, const Instrumented& instrumented) {
  auto first = look_once(input, instrumented);
  for (int turn = 1; first && turn < replays; ++turn) {
    const auto again = look_once(input, instrumented);
    if (!again || again->finding.oracle != first->finding.oracle || again->finding.verdict != first->finding.verdict) return std::nullopt;
  }
  return first;
}

// The trace of a run that comes back; of any other, what was said of it.
std::string trace_of(Target& target, const Input& input, const Replay& finding) {
  const auto traced = run_isolated([&] { return target.trace(input.bytes); }, hang_time);
  return traced && traced->came_back() ? traced->answer : finding.got + "\n";
}

std::expected<nlohmann::json, std::string> write_finding(const State& state, const std::string& id, const Input& input, const Seen& seen, const fs::path& program) {
  const fs::path folder = state.findings() / id;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return std::unexpected(folder.string() + ": " + error.message());
  auto target = find_target(input.target)->make();
  const Replay& finding = seen.finding;
  const std::string replay = seen.by_plain_replay ? "./cupel replay " + (folder / "program.txt").string() : program.string() + " " + (folder / "input.bin").string();
  const std::string now = now_as_text();
  const nlohmann::json said{{"id", id},           {"target", finding.target},     {"oracle", finding.oracle}, {"verdict", finding.verdict}, {"call", finding.call},
                            {"expected", finding.expected}, {"got", finding.got},   {"place", finding.place},   {"folder", folder.string()},  {"replay", replay},
                            {"replays", replays}, {"count", 1}, {"first_seen", now}, {"last_seen", now}};
  // finding.json last: a folder without it was never finished, and is triaged again.
  for (const auto& [name, content] : {std::pair<const char*, std::string>{"input.bin", {input.bytes.begin(), input.bytes.end()}},
                                      {"program.txt", "# target: " + input.target + "\n" + target->print(input.bytes)},
                                      {"trace.txt", trace_of(*target, input, finding)},
                                      {"finding.json", said.dump(2) + "\n"}}) {
    if (auto written = write_file(folder / name, content); !written) return std::unexpected(written.error());
  }
  return said;
}

// A finding that we have was seen again.
std::expected<void, std::string> count_again(const fs::path& file) {
  auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  auto finding = nlohmann::json::parse(*text, nullptr, false);
  if (!finding.is_object()) return std::unexpected(file.string() + ": is not a finding; remove its folder to have it made again");
  finding["count"] = finding.value("count", 1) + 1;
  finding["last_seen"] = now_as_text();
  return write_file(file, finding.dump(2) + "\n");
}

// What is said of the minimised input, whose bytes are in no file yet.
std::optional<Seen> look_again(const Input& smallest, const fs::path& beside, const Instrumented& instrumented) {
  Input input = smallest;
  input.file = beside;
  input.file += ".smallest";
  if (!write_file(input.file, {reinterpret_cast<const char*>(input.bytes.data()), input.bytes.size()})) return std::nullopt;  // SAFETY: bytes as chars
  auto seen = look_once(input, instrumented);
  std::error_code error;
  fs::remove(input.file, error);
  return seen;
}

bool is_artifact(const fs::path& file) {
  const std::string name = file.filename();
  return std::ranges::any_of(std::initializer_list<const char*>{"crash-", "timeout-", "oom-", "leak-"},
                             [&](const char* prefix) { return name.starts_with(prefix); }) &&
         !name.ends_with(".smallest");
}

}  // namespace

std::expected<Triage, std::string> triage(const State& state, const std::string& target, const fs::path& program,
                                          std::chrono::milliseconds time_max) {
  Triage result;
  const Instrumented instrumented(program, state.raw(target) / "scratch");
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(state.raw(target), error)) {
    if (is_artifact(entry.path())) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    auto input = load_input(file, target);
    if (!input) return std::unexpected(input.error());
    auto seen = confirmed(*input, instrumented);
    if (!seen) {
      ++result.unconfirmed;
      fs::create_directories(state.raw(target) / "unconfirmed", error);
      fs::rename(file, state.raw(target) / "unconfirmed" / file.filename(), error);
      continue;
    }
    const std::string id = id_of(seen->finding);
    if (const fs::path have = state.findings() / id / "finding.json"; fs::exists(have)) {
      ++result.known;
      if (auto counted = count_again(have); !counted) return std::unexpected(counted.error());
    } else {
      const Judge judge = seen->by_plain_replay ? judge_by_replay(seen->finding, {}) : instrumented.judge(seen->finding);
      Input smallest = minimise(*input, judge, time_max);
      if (auto again = look_again(smallest, file, instrumented); again && id_of(again->finding) == id) seen = std::move(again);
      else smallest = *input;  // what is left fails otherwise by itself: keep what was confirmed
      auto written = write_finding(state, id, smallest, *seen, program);
      if (!written) return std::unexpected(written.error());
      result.fresh.push_back(std::move(*written));
    }
    fs::remove(file, error);
  }
  return result;
}

}  // namespace cupel::fuzz
