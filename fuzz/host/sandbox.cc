#include "fuzz/host/sandbox.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "fuzz/host/confine.hh"
#include "fuzz/host/futex.hh"
#include "libos/base/page.hh"

namespace cupel::host {

// What parent and child tell each other while the child confines itself; in memory they share.
struct Handshake {
  enum State : uint32_t { cloned, ids_are_mapped, confined, refused };
  std::atomic<uint32_t> state{cloned};
  Refusal refusal;
};

namespace {

constexpr unsigned long namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

// Ids of the outside that the inside's 0 to 65535 stand for, where we may choose: nobody's.
constexpr uint32_t outer_base = 1'000'000, mapped_count = 65536;

bool write_file(pid_t pid, const char* name, const std::string& text) {
  const int file = open(fmt::format("/proc/{}/{}", pid, name).c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool whole = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  close(file);
  errno = error;
  return whole;
}

// Gives the child's user namespace its ids: a range where we have the privilege (which leaves the child's root nobody
// outside), else our own as its 0. Returns the largest id inside.
std::expected<uint32_t, int> map_ids(pid_t pid) {
  const std::string range = fmt::format("0 {} {}\n", outer_base, mapped_count);
  if (write_file(pid, "uid_map", range)) {
    if (!write_file(pid, "gid_map", range)) return std::unexpected(errno);
    return mapped_count - 2;
  }
  if (!write_file(pid, "uid_map", fmt::format("0 {} 1\n", geteuid()))) return std::unexpected(errno);
  if (!write_file(pid, "setgroups", "deny")) return std::unexpected(errno);
  if (!write_file(pid, "gid_map", fmt::format("0 {} 1\n", getegid()))) return std::unexpected(errno);
  return 0;
}

bool confine(const Confinement& confinement, Inhabitant& body, Handshake& handshake) {
  Refusal& refusal = handshake.refusal;
  const auto refuse = [&](const char* step) {
    refusal = {step, errno};
    return false;
  };
  // Now, for a parent which dies while we wait for it; and again below, as a change of ids clears it (prctl(2)).
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return refuse("dying with the parent");
  for (int tries = 0; handshake.state == Handshake::cloned; ++tries) {
    if (tries == 100) return refuse("waiting for the parent");
    futex_wait(handshake.state, Handshake::cloned, std::chrono::milliseconds(100));
  }
  if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) return refuse("becoming the namespace's root");
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return refuse("dying with the parent");
  if (setsid() < 0) return refuse("starting a session");  // else kill(0, ...) would reach the parent's group
  if (close_range(0, ~0u, 0) != 0) return refuse("closing descriptors");
  const uint64_t address_space = address_space_size();
  if (!enter_empty_root(confinement, refusal)) return false;
  if (!body.prepare()) return refuse("laying out memory");
  return limit_resources(confinement, address_space, refusal) && drop_capabilities(refusal) && filter_calls(confinement.calls, refusal);
}

[[noreturn]] void live(const Confinement& confinement, Inhabitant& body, Handshake& handshake) {
  const bool fine = confine(confinement, body, handshake);
  handshake.state = fine ? Handshake::confined : Handshake::refused;
  futex_wake(handshake.state);
  if (fine) body.run();
  syscall(SYS_exit_group, fine ? 0 : 2);
  __builtin_unreachable();
}

std::string explain(const Refusal& refusal) {
  return fmt::format("the sandbox for the real kernel's side cannot be made: {}: {}", refusal.step == nullptr ? "starting" : refusal.step,
                     std::strerror(refusal.error));
}

std::string explain_no_namespaces(int error) {
  return fmt::format(
      "user namespaces are not available: {}; the comparison with the real kernel needs them "
      "(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces > 0, and no container or AppArmor rule against them)",
      std::strerror(error));
}

}  // namespace

std::expected<Sandbox, std::string> Sandbox::start(const Confinement& confinement, Inhabitant& body) {
  void* page = mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return std::unexpected(explain({"preparing", errno}));
  auto* handshake = new (page) Handshake;
  // A plain copy of this process, as fork(2) makes it, but in namespaces of its own.
  const auto pid = static_cast<pid_t>(syscall(SYS_clone, namespaces | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (pid == 0) live(confinement, body, *handshake);
  auto result = pid < 0 ? std::unexpected(explain_no_namespaces(errno)) : welcome(Sandbox(pid, 0), *handshake);
  munmap(page, page_size);
  return result;
}

std::expected<Sandbox, std::string> Sandbox::welcome(Sandbox sandbox, Handshake& handshake) {
  const auto ids_max = map_ids(sandbox.pid_);
  if (!ids_max) return std::unexpected(explain_no_namespaces(ids_max.error()));
  sandbox.ids_max_ = *ids_max;
  handshake.state = Handshake::ids_are_mapped;
  futex_wake(handshake.state);
  while (handshake.state == Handshake::ids_are_mapped && sandbox.alive()) {
    futex_wait(handshake.state, Handshake::ids_are_mapped, std::chrono::milliseconds(50));
  }
  if (handshake.state != Handshake::confined) return std::unexpected(explain(handshake.refusal));
  return sandbox;
}

Sandbox& Sandbox::operator=(Sandbox&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(ids_max_, other.ids_max_);
  return *this;
}

bool Sandbox::alive() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
  return pid_ > 0;
}

void Sandbox::signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

void Sandbox::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace cupel::host
