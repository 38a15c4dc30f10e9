#pragma once
#include <array>
#include <concepts>
#include <cstdint>

#include "libos/base/shared_ptr.hh"

// What the secure kernel asks of the processor in VTL1. Two models of it: the instructions themselves (real_hardware.hh),
// and the mock, whose hypervisor and whose VTL0 do what a fuzz input says.
namespace cupel::lvbs {

// What both VTLs share: VTL0's on entry, and VTL0's again on return, but for the result in R8.
struct SharedState {
  // RAX RCX RDX RBX RBP RSI RDI R8 to R15. RAX and RCX come from, and go back through, the VP assist page.
  std::array<uint64_t, 15> gprs{};
  uint64_t cr2 = 0;
  std::array<uint64_t, 4> dr{};
  uint64_t mxcsr = 0x1f80, fcw = 0x37f, xcr0 = 3;
  std::array<uint64_t, 4> vector{};  // x87, SSE and AVX state, as an image that only moves
  friend bool operator==(const SharedState&, const SharedState&) = default;
};
enum Gpr : uint8_t { rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };

namespace msr {
inline constexpr uint32_t guest_os_id = 0x4000'0000, hypercall = 0x4000'0001, vp_index = 0x4000'0002, vp_assist = 0x4000'0073, scontrol = 0x4000'0080, simp = 0x4000'0083, eom = 0x4000'0084, sint0 = 0x4000'0090;
}

template <class H>
concept VtlHardware = requires(H& hardware, uint64_t word, uint32_t index, uint64_t gpa, const Site* site, const SharedState& state) {
  // A hypercall with its input and output pages, or with two words of input. What comes back is the hypervisor's.
  { hardware.hypercall(word, gpa, gpa, site) } -> std::same_as<Untrusted<uint64_t>>;
  { hardware.write_msr(index, word) } -> std::same_as<void>;
  { hardware.read_msr(index, site) } -> std::same_as<Untrusted<uint64_t>>;
  // A leaf of CPUID: EAX in the low half and EBX in the upper one, or ECX and EDX.
  { hardware.cpuid_ab(index, site) } -> std::same_as<Untrusted<uint64_t>>;
  { hardware.cpuid_cd(index, site) } -> std::same_as<Untrusted<uint64_t>>;
  // Pages of ours that the hypervisor reads or writes: hypercall input and output, VP assist page, messages.
  { hardware.own64(gpa) } -> std::same_as<SharedPtr<uint64_t>>;
  // VTL0's memory, through a mapping that is there for this access alone.
  { hardware.vtl0_64(gpa) } -> std::same_as<SharedPtr<uint64_t>>;
  { hardware.vtl0_8(gpa) } -> std::same_as<SharedPtr<uint8_t>>;
  // The registers both VTLs share: read, set to what we run with, and given back on return.
  { hardware.shared_state() } -> std::same_as<SharedState>;
  { hardware.load_shared(state) } -> std::same_as<void>;
  { hardware.vtl_return(state) } -> std::same_as<void>;
  // Stops this processor for good.
  { hardware.stop(word) } -> std::same_as<void>;
};

}  // namespace cupel::lvbs
