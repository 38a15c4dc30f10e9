#include "platforms/linux/supervisor.hh"

#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>
#include <cstdio>
#include <thread>

#include "platforms/linux/host_call.hh"

namespace cupel::on_linux {
namespace {

constexpr int machine_failed = 125;

void ring_bell(int) { shared().ring(); }

// What a terminal or an operator sends the command is the machine's to handle.
std::atomic<uint32_t> host_signals{0};
void note_signal(int signal) {
  host_signals.fetch_or(1u << signal, std::memory_order_release);
  host_call(__NR_futex, address_of(&host_signals), FUTEX_WAKE, 1);
}

// Ends what is left: everything below this process is the machine's.
void end_all() {
  for (;;) {
    FILE* children = std::fopen("/proc/thread-self/children", "r");
    int pid = 0;
    while (children != nullptr && std::fscanf(children, "%d", &pid) == 1) kill(pid, SIGKILL);
    if (children != nullptr) std::fclose(children);
    if (waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) return;  // as a subreaper, this one has all of them in the end
  }
}

}  // namespace

// False where a process died of what libos did not decide: it may have held a lock, and libos cannot go on.
bool Supervisor::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
    if (shared().failed.load() == 0) std::fprintf(stderr, "cupel: host process %d of the machine died unexpectedly (wait status 0x%x); the machine ends\n", pid, status);
    return false;
  }
}

void Supervisor::watch_streams() {
  for (uint32_t stream = 0; stream < platform::HostStreams::count; ++stream) {
    std::thread([this, stream] {
      std::atomic<uint32_t>& wanted = shared().stream_wanted[stream];
      for (;;) {
        const uint32_t events = wanted.load(std::memory_order_acquire);
        if (events == 0) {
          host_call(__NR_futex, address_of(&wanted), FUTEX_WAIT, 0, 0);
          continue;
        }
        // Not for ever: what is wanted may grow meanwhile.
        pollfd look{static_cast<int>(stream), static_cast<short>(events), 0};
        constexpr int patience_ms = 100;
        if (poll(&look, 1, patience_ms) <= 0) continue;
        wanted.fetch_and(~events, std::memory_order_relaxed);
        platform_.kernel().stream_changed(stream);
      }
    }).detach();
  }
}

void Supervisor::watch_clock() {
  std::thread([this] {
    SharedState& state = shared();
    for (;;) {
      const uint32_t seen = state.alarm_word.load(std::memory_order_acquire);
      const int64_t due = state.alarm_due.load(std::memory_order_relaxed);
      constexpr int64_t second = 1'000'000'000;
      const timespec at{due / second, due % second};
      const int64_t result = host_call(__NR_futex, address_of(&state.alarm_word), FUTEX_WAIT_BITSET, seen, due == platform::no_deadline ? 0 : address_of(&at), 0, FUTEX_BITSET_MATCH_ANY);
      if (result == -ETIMEDOUT) platform_.kernel().alarm();
    }
  }).detach();
}

// In a thread of its own, as all that asks for the machine lock: its holder may be waiting for an answer about a file.
void Supervisor::watch_signals() {
  std::thread([this] {
    for (;;) {
      host_call(__NR_futex, address_of(&host_signals), FUTEX_WAIT, 0, 0);
      const uint32_t signals = host_signals.exchange(0, std::memory_order_acquire);
      for (int signal = 1; signal < 32; ++signal) {
        if ((signals >> signal & 1) != 0) platform_.kernel().host_signal(signal);
      }
    }
  }).detach();
}

int Supervisor::run(pid_t) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  struct sigaction action{};
  action.sa_handler = ring_bell;
  action.sa_flags = SA_RESTART;
  sigaction(SIGCHLD, &action, nullptr);
  action.sa_handler = note_signal;
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH, SIGUSR1, SIGUSR2}) sigaction(signal, &action, nullptr);
  watch_streams();
  watch_clock();
  watch_signals();
  SharedState& state = shared();
  for (;;) {
    const uint32_t heard = state.bell.load(std::memory_order_acquire);
    if (state.tree.state.load(std::memory_order_acquire) == TreeChannel::asked) {
      files_.answer(state.tree);
      state.tree.state.store(TreeChannel::answered, std::memory_order_release);
      host_call(__NR_futex, address_of(&state.tree.state), FUTEX_WAKE, 1);
    }
    const bool sound = reap() && state.failed.load(std::memory_order_acquire) == 0;
    if (!sound || state.finished.load(std::memory_order_acquire) != 0) {
      end_all();
      if (!sound) return machine_failed;
      const int status = state.exit_status;
      return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    host_call(__NR_futex, address_of(&state.bell), FUTEX_WAIT, heard, 0);
  }
}

}  // namespace cupel::on_linux
