#pragma once
#include "platforms/lvbs/core.hh"

// The way in from VTL0, and the way back. What both VTLs share is put away first, and given back last: nothing of ours is left
// in a register, and nothing that VTL0 left there is run with.
namespace cupel::lvbs {

namespace assist {
inline constexpr uint64_t entry_reason = 8, return_rax = 16, return_rcx = 24, message = 112;
enum class Entry : uint64_t { call = 1, interrupt = 2, intercept = 3 };
}  // namespace assist

template <VtlHardware Hardware>
class Switch {
 public:
  explicit Switch(Core<Hardware>& core) : core_(core) {}

  // One entry on processor `vp`. `serve(state)` answers a call and gives what R8 is to hold, `interrupted()` looks at messages,
  // `intercepted()` at the one in the assist page.
  void enter(uint64_t vp, auto serve, auto interrupted, auto intercepted) {
    SharedState saved = core_.hardware.shared_state();
    core_.hardware.load_shared(SharedState{});
    const uint64_t page = (core_.layout().assist_page + vp) << 12;
    const auto word = core_.hardware.own64(page + assist::entry_reason).read_once(SITE("assist.entry_reason", "one of three; else nothing is done"));
    // The upper half belongs to other fields.
    const auto reason = word.checked([](uint64_t value) { const uint64_t low = value & 0xffff'ffff; return low >= 1 && low <= 3; });
    const auto kind = reason ? static_cast<assist::Entry>(*reason & 0xffff'ffff) : assist::Entry{};
    if (kind == assist::Entry::call) saved.gprs[r8] = static_cast<uint64_t>(serve(saved));
    if (kind == assist::Entry::interrupt) interrupted();
    if (kind == assist::Entry::intercept) intercepted(page + assist::message);
    // RAX and RCX were never VTL0's to see as we have them: the hypervisor's way back takes them from here.
    core_.hardware.own64(page + assist::return_rax).write(saved.gprs[rax]);
    core_.hardware.own64(page + assist::return_rcx).write(saved.gprs[rcx]);
    core_.hardware.vtl_return(saved);
  }

 private:
  Core<Hardware>& core_;
};

}  // namespace cupel::lvbs
