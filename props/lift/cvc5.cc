#include "props/lift/cvc5.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace cupel::lift {
namespace {

class Fd {
 public:
  explicit Fd(int number = -1) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Fd() { close(); }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  int get() const { return number_; }

 private:
  int number_;
};

std::string error_text(const char* what, int error) { return fmt::format("{}: {}", what, std::strerror(error)); }

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0) return false;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> chunk;
  for (ssize_t count = 0; (count = ::read(fd, chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<size_t>(count));
  }
  return text;
}

}  // namespace

std::string ask_cvc5(const std::string& smt2, std::chrono::milliseconds time_max) {
  // A file without a name, not a pipe: cvc5 may answer before it has read all.
  const Fd script(::memfd_create("smt2", MFD_CLOEXEC));
  if (script.get() < 0 || !write_all(script.get(), smt2) || ::lseek(script.get(), 0, SEEK_SET) < 0) {
    return error_text("the script for cvc5", errno);
  }
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return error_text("pipe2", errno);
  const Fd answer(ends[0]);
  Fd child_end(ends[1]);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, script.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, child_end.get(), STDOUT_FILENO);
  std::string time_limit = fmt::format("--tlimit={}", time_max.count());
  std::array<std::string, 3> words{"cvc5", "--lang=smt2", time_limit};
  std::array<char*, 5> argv{words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, "cvc5", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return error_text("cvc5", error);

  child_end.close();
  const std::string text = read_all(answer.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (text.empty()) return "nothing (its time limit, or a crash)";
  return text.substr(0, text.find('\n'));
}

}  // namespace cupel::lift
