#include "fuzz/campaign/triage.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "fuzz/campaign/worker.hh"
#include "fuzz/replay/minimise.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

// "7: write(r0, ...)" -> "write": what two findings of one bug share.
std::string call_name(const std::string& call) {
  const auto first = std::ranges::find_if(call, [](unsigned char c) { return std::isalpha(c) != 0; });
  const auto last = std::find_if(first, call.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '_'; });
  return {first, last};
}

std::string id_of(const Replay& finding) {
  std::string id = finding.target + "-" + finding.oracle + "-" + call_name(finding.call.empty() ? finding.got : finding.call);
  std::ranges::replace_if(id, [](unsigned char c) { return std::isalnum(c) == 0 && c != '_' && c != '-'; }, '_');
  return id;
}

// The instrumented program on this one input; what it prints where it fails.
std::optional<Replay> ask_instrumented(const fs::path& program, const Input& input) {
  Worker::Setup setup{input.target, program, input.file, input.file.parent_path(), 1};
  auto worker = Worker::start(setup);
  if (!worker) return std::nullopt;
  while (worker->pump()) {
    timespec pause{0, 5'000'000};
    nanosleep(&pause, nullptr);
  }
  if (worker->exit_status() == 0) return std::nullopt;
  Replay seen{.file = input.file, .target = input.target, .verdict = "crash", .oracle = "sanitizer", .call = {}, .expected = "no crash", .got = {}};
  const std::string& said = worker->last_lines();
  for (const char* mark : {"runtime error: ", "ERROR: AddressSanitizer: ", "CHECK failed: ", "ERROR: libFuzzer: "}) {
    const auto at = said.find(mark);
    if (at == std::string::npos) continue;
    seen.got = said.substr(at, said.find('\n', at) - at);
    break;
  }
  if (seen.got.empty()) seen.got = fmt::format("exit status {}", worker->exit_status());
  return seen;
}

// Three replays with one verdict, or nothing.
std::optional<Replay> confirmed(const Input& input, const fs::path& program) {
  std::optional<Replay> first;
  for (int turn = 0; turn < 3; ++turn) {
    auto again = replay(input, {});
    std::optional<Replay> seen;
    if (again && again->verdict != "ok") seen = *again;
    if (!seen) seen = ask_instrumented(program, input);
    if (!seen || (first && (first->oracle != seen->oracle || first->verdict != seen->verdict))) return std::nullopt;
    if (!first) first = std::move(seen);
  }
  return first;
}

std::expected<nlohmann::json, std::string> write_finding(const State& state, const std::string& id, const Input& input,
                                                         const Replay& finding) {
  const fs::path folder = state.findings() / id;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return std::unexpected(folder.string() + ": " + error.message());
  auto target = find_target(input.target)->make();
  nlohmann::json said{{"id", id},           {"target", finding.target},     {"oracle", finding.oracle}, {"verdict", finding.verdict},
                      {"call", finding.call}, {"expected", finding.expected}, {"got", finding.got},       {"folder", folder.string()},
                      {"replay", "./cupel replay " + (folder / "program.txt").string()}};
  const std::string program = "# target: " + input.target + "\n" + target->print(input.bytes);
  const std::string bytes(input.bytes.begin(), input.bytes.end());
  const bool runs_here = finding.verdict == "finding";  // a trace needs a run that comes back
  for (const auto& [name, content] : {std::pair<const char*, std::string>{"input.bin", bytes},
                                      {"program.txt", program},
                                      {"trace.txt", runs_here ? target->trace(input.bytes) : finding.got + "\n"},
                                      {"finding.json", said.dump(2) + "\n"}}) {
    if (auto written = write_file(folder / name, content); !written) return std::unexpected(written.error());
  }
  return said;
}

bool is_artifact(const fs::path& file) {
  const std::string name = file.filename();
  return std::ranges::any_of(std::initializer_list<const char*>{"crash-", "timeout-", "oom-", "leak-"},
                             [&](const char* prefix) { return name.starts_with(prefix); });
}

}  // namespace

std::expected<Triage, std::string> triage(const State& state, const std::string& target, const fs::path& program,
                                          std::chrono::milliseconds time_max) {
  Triage result;
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(state.raw(target), error)) {
    if (is_artifact(entry.path())) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    auto input = load_input(file, target);
    if (!input) return std::unexpected(input.error());
    auto finding = confirmed(*input, program);
    if (!finding) {
      ++result.unconfirmed;
      fs::create_directories(state.raw(target) / "unconfirmed", error);
      fs::rename(file, state.raw(target) / "unconfirmed" / file.filename(), error);
      continue;
    }
    const std::string id = id_of(*finding);
    if (fs::exists(state.findings() / id / "finding.json")) {
      ++result.known;
    } else {
      const auto plain = replay(*input, {});
      const bool by_oracle = plain && plain->verdict != "ok";  // else only the instrumented program sees it, which cannot minimise
      const Input smallest = by_oracle ? minimise(*input, *finding, {}, time_max) : *input;
      if (auto again = replay(smallest, {}); again && again->verdict != "ok") finding = *again;
      auto written = write_finding(state, id, smallest, *finding);
      if (!written) return std::unexpected(written.error());
      result.fresh.push_back(std::move(*written));
    }
    fs::remove(file, error);
  }
  return result;
}

}  // namespace cupel::fuzz
