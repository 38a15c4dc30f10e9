#include "fuzz/replay/replay.hh"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>

namespace cupel::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int reader = -1, writer = -1;
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    reader = ends[0], writer = ends[1];
    return true;
  }
};

// In the child: run, and say what happened through the pipe.
[[noreturn]] void run_in_child(const Input& input, const ReplayOptions& options, Target& target, int answer) {
  Run first;
  bool stable = true;
  for (unsigned turn = 0; turn < options.repeat; ++turn) {
    Run run = target.run(input.bytes);
    if (turn == 0) first = std::move(run);
    else stable = stable && run.trace_hash == first.trace_hash && run.finding.has_value() == first.finding.has_value();
  }
  nlohmann::json said{{"hash", first.trace_hash}, {"stable", stable}};
  if (first.finding) {
    said["finding"] = {first.finding->oracle, first.finding->call, first.finding->expected, first.finding->got};
  }
  const std::string text = said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = write(answer, rest.data(), rest.size());
    if (written < 0) _exit(3);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  _exit(0);
}

// Everything both pipes give until they close or time is up; false: time is up.
bool drain(const Pipe& answer, const Pipe& errors, Clock::time_point until, std::string& said, std::string& complained) {
  pollfd fds[2]{{answer.reader, POLLIN, 0}, {errors.reader, POLLIN, 0}};
  std::string* sinks[2]{&said, &complained};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    if (poll(fds, 2, static_cast<int>(left)) < 0 && errno != EINTR) return false;
    for (int index = 0; index < 2; ++index) {
      if (fds[index].fd < 0 || fds[index].revents == 0) continue;
      char chunk[4096];
      const ssize_t size = read(fds[index].fd, chunk, sizeof chunk);
      if (size <= 0) fds[index].fd = -1;
      else if (sinks[index]->size() < 256 * 1024) sinks[index]->append(chunk, static_cast<size_t>(size));
    }
  }
  return true;
}

// The line of a sanitizer's or CHECK's report which says what it was.
std::string first_telling_line(const std::string& text) {
  for (const char* mark : {"CHECK failed", "ERROR: AddressSanitizer", "runtime error:", "ERROR: LeakSanitizer", "Assertion"}) {
    const auto at = text.find(mark);
    if (at == std::string::npos) continue;
    const auto begin = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::expected<Replay, std::string> replay(const Input& input, const ReplayOptions& options) {
  const TargetInfo* info = find_target(input.target);
  if (info == nullptr) return std::unexpected("there is no target " + input.target);
  auto target = info->make();
  for (const std::string& oracle : options.without) {
    if (!target->disable_oracle(oracle)) return std::unexpected("target " + input.target + " has no oracle " + oracle);
  }
  Pipe answer, errors;
  if (!answer.open() || !errors.open()) return std::unexpected(std::string("pipe: ") + std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) return std::unexpected(std::string("fork: ") + std::strerror(errno));
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(errors.writer, STDERR_FILENO);
    close(errors.writer);
    run_in_child(input, options, *target, answer.writer);
  }
  close(answer.writer);
  close(errors.writer);
  std::string said, complained;
  const bool in_time = drain(answer, errors, Clock::now() + options.time_max, said, complained);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  close(answer.reader);
  close(errors.reader);

  Replay result{.file = input.file.string(), .target = input.target, .verdict = "ok", .oracle = {}, .call = {}, .expected = {}, .got = {}};
  if (!in_time) {
    result.verdict = "hang", result.oracle = "liveness";
    result.expected = "an end within " + std::to_string(options.time_max.count()) + " s";
    return result;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || said.empty()) {
    result.verdict = "crash";
    result.got = first_telling_line(complained);
    result.oracle = result.got.find("CHECK failed") != std::string::npos ? "invariants" : "sanitizer";
    result.expected = "no crash";
    if (result.got.empty()) result.got = "wait status " + std::to_string(status);
    return result;
  }
  const auto parsed = nlohmann::json::parse(said);
  result.trace_hash = parsed["hash"];
  result.stable = parsed["stable"];
  if (parsed.contains("finding")) {
    result.verdict = "finding";
    result.oracle = parsed["finding"][0], result.call = parsed["finding"][1];
    result.expected = parsed["finding"][2], result.got = parsed["finding"][3];
  }
  return result;
}

}  // namespace cupel::fuzz
