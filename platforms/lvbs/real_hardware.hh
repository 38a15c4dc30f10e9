#pragma once
#include "platforms/lvbs/hardware.hh"

namespace cupel::lvbs {

// The processor itself, in VTL1. Memory is mapped one to one, VTL0's without execution.
class RealHardware {
 public:
  // `entry` is the hypercall page; `saved` is where the stub that VTL entry runs has put what it found in shared registers.
  RealHardware(uint64_t code_page, uint64_t return_offset, SharedState& saved) : code_page_(code_page), return_offset_(return_offset), saved_(saved) {}

  Untrusted<uint64_t> hypercall(uint64_t control, uint64_t input, uint64_t output, const Site*) {
    uint64_t result = 0;
    register uint64_t r8_word asm("r8") = output;
    // SAFETY: the hypercall page is the hypervisor's code; it preserves all but RAX and RCX, and may write the output page.
    asm volatile("call *%[page]" : "=a"(result), "+c"(control) : [page] "r"(code_page_), "d"(input), "r"(r8_word) : "memory", "cc");
    return Untrusted<uint64_t>(result);
  }
  void write_msr(uint32_t index, uint64_t value) {
    // SAFETY: WRMSR of the synthetic MSRs of VTL1, which are its own.
    asm volatile("wrmsr" : : "c"(index), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)) : "memory");
  }
  Untrusted<uint64_t> read_msr(uint32_t index, const Site*) {
    uint32_t low = 0, high = 0;
    // SAFETY: RDMSR changes nothing; what it gives is the hypervisor's.
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index) : "memory");
    return Untrusted<uint64_t>(uint64_t{high} << 32 | low);
  }
  Untrusted<uint64_t> cpuid_ab(uint32_t leaf, const Site*) {
    const Leaf all = cpuid(leaf);
    return Untrusted<uint64_t>(uint64_t{all.b} << 32 | all.a);
  }
  Untrusted<uint64_t> cpuid_cd(uint32_t leaf, const Site*) {
    const Leaf all = cpuid(leaf);
    return Untrusted<uint64_t>(uint64_t{all.d} << 32 | all.c);
  }
  SharedPtr<uint64_t> own64(uint64_t gpa) { return at<uint64_t>(gpa); }
  SharedPtr<uint64_t> vtl0_64(uint64_t gpa) { return at<uint64_t>(gpa); }
  SharedPtr<uint8_t> vtl0_8(uint64_t gpa) { return at<uint8_t>(gpa); }

  SharedState shared_state() { return saved_; }
  // General registers and vector state are the stub's to move; here go those that change what our own code does.
  void load_shared(const SharedState& state) {
    for (unsigned index = 0; index < state.dr.size(); ++index) write_debug(index, state.dr[index]);
    // SAFETY: XCR0 with x87 and SSE alone, or what VTL0 had and the processor took from it before.
    asm volatile("xsetbv" : : "c"(0), "a"(static_cast<uint32_t>(state.xcr0)), "d"(static_cast<uint32_t>(state.xcr0 >> 32)));
  }
  // Hands `state` to the stub, which moves it into the registers and calls the return entry of the hypercall page.
  void vtl_return(const SharedState& state) {
    load_shared(state);
    asm volatile("mov %0, %%cr2" : : "r"(state.cr2));  // SAFETY: CR2 is data
    saved_ = state;
  }
  uint64_t return_entry() const { return code_page_ + return_offset_; }
  void stop(uint64_t) {
    asm volatile("cli; hlt" : : : "memory");  // SAFETY: this processor has ended
  }

 private:
  struct Leaf {
    uint32_t a = 0, b = 0, c = 0, d = 0;
  };
  static Leaf cpuid(uint32_t leaf) {
    Leaf all;
    asm volatile("cpuid" : "=a"(all.a), "=b"(all.b), "=c"(all.c), "=d"(all.d) : "a"(leaf), "c"(0));  // SAFETY: CPUID changes these registers alone
    return all;
  }
  static void write_debug(unsigned index, uint64_t value) {
    switch (index) {
      case 0: asm volatile("mov %0, %%dr0" : : "r"(value)); break;  // SAFETY: breakpoints of VTL1 are off in its own DR7
      case 1: asm volatile("mov %0, %%dr1" : : "r"(value)); break;  // SAFETY: as above
      case 2: asm volatile("mov %0, %%dr2" : : "r"(value)); break;  // SAFETY: as above
      default: asm volatile("mov %0, %%dr3" : : "r"(value)); break;  // SAFETY: as above
    }
  }
  template <class T>
  SharedPtr<T> at(uint64_t gpa) {
    return {reinterpret_cast<volatile T*>(gpa), nullptr};  // SAFETY: aligned and within the machine, by who asks; mapped one to one
  }
  uint64_t code_page_, return_offset_;
  SharedState& saved_;
};
static_assert(VtlHardware<RealHardware>);

}  // namespace cupel::lvbs
