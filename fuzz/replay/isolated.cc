#include "fuzz/replay/isolated.hh"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>

namespace cupel::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t complaints_max = 256 * 1024;  // bytes

struct Pipe {
  int reader = -1, writer = -1;
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    reader = ends[0], writer = ends[1];
    return true;
  }
};

[[noreturn]] void answer_in_child(const std::function<std::string()>& body, int writer) {
  std::string text;
  try {
    text = body();
  } catch (const std::exception& error) {
    dprintf(STDERR_FILENO, "%s\n", error.what());
    _exit(3);
  }
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = write(writer, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) _exit(3);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  _exit(0);
}

// Everything both pipes give until they close or time is up; false: time is up.
bool drain(const Pipe& answer, const Pipe& errors, Clock::time_point until, Isolated& result) {
  pollfd fds[2]{{answer.reader, POLLIN, 0}, {errors.reader, POLLIN, 0}};
  std::string* sinks[2]{&result.answer, &result.complaints};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    if (poll(fds, 2, static_cast<int>(left)) < 0 && errno != EINTR) return false;
    for (int index = 0; index < 2; ++index) {
      if (fds[index].fd < 0 || fds[index].revents == 0) continue;
      char chunk[4096];
      const ssize_t size = read(fds[index].fd, chunk, sizeof chunk);
      if (size <= 0) fds[index].fd = -1;
      else if (index == 0 || sinks[index]->size() < complaints_max) sinks[index]->append(chunk, static_cast<size_t>(size));
    }
  }
  return true;
}

}  // namespace

std::expected<Isolated, std::string> run_isolated(const std::function<std::string()>& body, std::chrono::milliseconds time_max) {
  Pipe answer, errors;
  if (!answer.open() || !errors.open()) return std::unexpected(std::string("pipe: ") + std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) return std::unexpected(std::string("fork: ") + std::strerror(errno));
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(errors.writer, STDERR_FILENO);
    close(errors.writer);
    answer_in_child(body, answer.writer);
  }
  close(answer.writer);
  close(errors.writer);
  Isolated result;
  result.in_time = drain(answer, errors, Clock::now() + time_max, result);
  if (!result.in_time) kill(child, SIGKILL);
  while (waitpid(child, &result.wait_status, 0) < 0 && errno == EINTR) {
  }
  close(answer.reader);
  close(errors.reader);
  return result;
}

}  // namespace cupel::fuzz
