#include "fuzz/campaign/instrumented.hh"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "fuzz/campaign/worker.hh"
#include "fuzz/replay/complaint.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr size_t batch_max = 64;  // candidates one process is given
constexpr std::chrono::seconds one_input_time_max{60};

// The file named last in libFuzzer's "Running: FILE" lines.
std::string last_run(std::string_view said) {
  constexpr std::string_view mark = "Running: ";
  const auto at = said.rfind(mark);
  if (at == std::string_view::npos) return {};
  const auto name = said.substr(at + mark.size());
  return std::string(name.substr(0, name.find('\n')));
}

Replay replay_of(const Complaint& complaint, const std::string& target, int exit_status) {
  Replay seen{.file = {}, .target = target, .verdict = "crash", .oracle = complaint.oracle, .call = complaint.call, .expected = complaint.expected,
              .got = complaint.got, .place = complaint.place};
  if (complaint.kind == "finding") {
    seen.verdict = "finding";
    return seen;
  }
  if (complaint.oracle == "liveness") seen.verdict = "hang";
  seen.expected = "no crash";
  seen.got = complaint.kind.empty() ? fmt::format("exit status {}", exit_status) : complaint.line;
  return seen;
}

}  // namespace

std::optional<Instrumented::Failure> Instrumented::first_failure(const std::string& target, const std::vector<fs::path>& files, Clock::time_point until) const {
  auto worker = Worker::start({.target = target, .program = program_, .inputs = files, .artifacts = scratch_, .seed = 1});
  if (!worker) return std::nullopt;
  while (worker->pump()) {
    if (Clock::now() >= until) return std::nullopt;  // the worker dies with its object
    pollfd fd{worker->output(), POLLIN, 0};
    poll(&fd, 1, 50);
  }
  if (worker->exit_status() == 0) return std::nullopt;
  const auto file = std::ranges::find(files, fs::path(last_run(worker->last_lines())));
  if (file == files.end()) return std::nullopt;  // it did not come as far as running one
  Replay seen = replay_of(read_complaint(worker->last_lines()), target, worker->exit_status());
  seen.file = *file;
  return Failure{static_cast<size_t>(file - files.begin()), std::move(seen)};
}

std::optional<Replay> Instrumented::ask(const Input& input) const {
  std::error_code error;
  fs::create_directories(scratch_, error);
  auto failure = first_failure(input.target, {input.file}, Clock::now() + one_input_time_max);
  fs::remove_all(scratch_, error);
  if (!failure) return std::nullopt;
  return std::move(failure->seen);
}

std::expected<Replay, std::string> Instrumented::replay(const std::string& target, const fs::path& file, const std::vector<std::string>& without) const {
  std::error_code error;
  fs::create_directories(scratch_, error);
  auto worker = Worker::start({.target = target, .program = program_, .inputs = {file}, .artifacts = scratch_, .seed = 1, .without = without});
  if (!worker) return std::unexpected(worker.error());
  const auto until = Clock::now() + one_input_time_max;
  while (worker->pump()) {
    if (Clock::now() >= until) return Replay{.file = file, .target = target, .verdict = "hang", .oracle = "liveness", .call = {}, .expected = "an end", .got = "none within a minute"};
    pollfd fd{worker->output(), POLLIN, 0};
    poll(&fd, 1, 20);
  }
  fs::remove_all(scratch_, error);
  if (last_run(worker->last_lines()) != file) return std::unexpected(program_.string() + " did not run " + file.string() + ":\n" + worker->last_lines());
  if (worker->exit_status() == 0) return Replay{.file = file, .target = target, .verdict = "ok", .oracle = {}, .call = {}, .expected = {}, .got = {}};
  Replay seen = replay_of(read_complaint(worker->last_lines()), target, worker->exit_status());
  seen.file = file;
  return seen;
}

std::optional<size_t> Instrumented::first_alike(const Replay& finding, std::span<const Bytes> candidates, Clock::time_point until) const {
  for (size_t begin = 0; begin < candidates.size() && Clock::now() < until;) {
    std::vector<fs::path> files;
    for (size_t index = begin; index < std::min(begin + batch_max, candidates.size()); ++index) {
      files.push_back(scratch_ / fmt::format("candidate-{}", index));
      if (!write_file(files.back(), {reinterpret_cast<const char*>(candidates[index].data()), candidates[index].size()})) return std::nullopt;  // SAFETY: bytes as chars
    }
    const auto failure = first_failure(finding.target, files, until);
    if (!failure) {
      begin += files.size();
      continue;
    }
    const size_t failed = begin + failure->index;
    if (failure->seen.oracle == finding.oracle && where_seen(failure->seen) == where_seen(finding)) return failed;
    begin = failed + 1;
  }
  return std::nullopt;
}

Judge Instrumented::judge(const Replay& finding) const {
  return [*this, finding](std::span<const Bytes> candidates, Clock::time_point until) {
    std::error_code error;
    fs::create_directories(scratch_, error);
    const auto index = first_alike(finding, candidates, until);
    fs::remove_all(scratch_, error);
    return index;
  };
}

}  // namespace cupel::fuzz
