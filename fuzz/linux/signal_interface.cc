#include "fuzz/linux/signal_interface.hh"

#include <algorithm>
#include <array>
#include <vector>

#include "libos/base/check.hh"
#include "shims/linux/shim.hh"

namespace cupel::fuzz {
namespace {

using interface::CallDesc;

// Those of the table that are there beside the calls about guest code itself.
constexpr std::array<std::string_view, 24> companions{
    "read", "write", "close", "poll", "munmap", "nanosleep", "getpid", "clone", "fork", "exit", "wait4", "gettid", "futex", "exit_group", "set_tid_address", "clock_nanosleep",
    "ppoll", "eventfd2", "pipe2", "epoll_create1", "epoll_ctl", "epoll_wait", "setpgid", "getppid"};
// Starts another program, which the fuzz target `elf` sees to.
constexpr std::string_view left_out = "execve";

std::vector<CallDesc> chosen_calls() {
  std::vector<CallDesc> chosen;
  for (const linux_shim::Call& call : linux_shim::guest_code_calls()) {
    if (call.desc.name != left_out) chosen.push_back(call.desc);
  }
  for (const linux_shim::Call& call : linux_shim::table()) {
    if (std::ranges::find(companions, call.desc.name) != companions.end()) chosen.push_back(call.desc);
  }
  CHECK(chosen.size() == linux_shim::guest_code_calls().size() - 1 + companions.size());
  std::ranges::sort(chosen, {}, &CallDesc::number);
  return chosen;
}

}  // namespace

const interface::InterfaceDesc& signal_interface() {
  static const std::vector<CallDesc> calls = chosen_calls();
  static const interface::InterfaceDesc interface{"linux-signals", calls, {}};
  return interface;
}

}  // namespace cupel::fuzz
