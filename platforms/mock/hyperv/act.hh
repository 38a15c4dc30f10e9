#pragma once
#include <cstdint>

namespace cupel::mock_hyperv {

// What happens in the middle of a service call: the hypervisor's answers, and VTL0 on another processor.
enum class ActKind : uint8_t {
  refuse,   // hypercall: status a after b elements
  early,    // hypercall: it stops after b elements more, which is no error
  result,   // hypercall: handled, and the result word is a
  value,    // a word that the hypervisor gives, of a register, a page of its own, CPUID or an MSR, is a
  write,    // VTL0 stores b at the guest physical address a
  flip,     // VTL0 flips bit b of the word at a
  call,     // VTL0 makes a service call a with the argument b from another processor
};
inline constexpr uint64_t act_kinds = 7;

// When: at the n-th hypercall, at the n-th load of VTL0's memory, at the n-th word that the hypervisor gives.
enum class When : uint8_t { hypercall, load, given };
inline constexpr uint64_t when_kinds = 3;

struct Act {
  When when = When::hypercall;
  uint16_t nth = 0;
  ActKind kind = ActKind::refuse;
  uint64_t a = 0, b = 0;
};

}  // namespace cupel::mock_hyperv
