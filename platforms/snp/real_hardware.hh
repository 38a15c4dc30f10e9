#pragma once
#include "libos/base/page.hh"
#include "platforms/snp/hardware.hh"

namespace cupel::snp {

// The processor itself. Guest memory is mapped one to one; `ghcb_page` is the registered shared page of this vCPU, and
// `set_c_bit` changes one page's mapping and flushes it on all vCPUs.
class RealHardware {
 public:
  using SetCBit = void (*)(uint64_t gpa, bool encrypted);
  RealHardware(volatile std::byte* ghcb_page, uint64_t ghcb_gpa, SetCBit set_c_bit) : page_(ghcb_page), gpa_(ghcb_gpa), set_c_bit_(set_c_bit) {}

  void write_ghcb_msr(uint64_t value) {
    // SAFETY: WRMSR of the GHCB MSR changes no memory the compiler knows of; interrupts are masked by the caller.
    asm volatile("wrmsr" : : "c"(msr::ghcb_msr), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)) : "memory");
  }
  Untrusted<uint64_t> read_ghcb_msr() {
    uint32_t low = 0, high = 0;
    // SAFETY: RDMSR of the GHCB MSR; what it gives is the hypervisor's.
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr::ghcb_msr) : "memory");
    return Untrusted<uint64_t>(uint64_t{high} << 32 | low);
  }
  void vmgexit() {
    // SAFETY: "rep vmmcall" is VMGEXIT; anything shared may have changed afterwards, which the clobber says.
    asm volatile("rep; vmmcall" : : : "memory");
  }
  Validated pvalidate(uint64_t gfn, PageSize size, bool validate) {
    uint32_t code = 0;
    bool unchanged = false;
    // SAFETY: PVALIDATE (APM volume 3) by its bytes; RAX the address, ECX the size, EDX what to make of it.
    asm volatile(".byte 0xf2, 0x0f, 0x01, 0xff" : "=a"(code), "=@ccc"(unchanged) : "a"(gfn << page_shift), "c"(static_cast<uint32_t>(size)), "d"(validate ? 1 : 0) : "memory");
    return {code, unchanged};
  }
  Ghcb ghcb() {
    return {field<uint64_t>(0x390), field<uint64_t>(0x398), field<uint64_t>(0x3a0), field<uint64_t>(0x3a8), field<uint64_t>(0x3f0), field<uint64_t>(0x3f8),
            field<uint16_t>(0xffa), field<uint32_t>(0xffc), gpa_};
  }
  SharedPtr<uint64_t> shared_buffer(uint64_t index) { return field<uint64_t>(0x800 + index * 8); }
  void set_encrypted(uint64_t gfn, bool encrypted) { set_c_bit_(gfn << page_shift, encrypted); }
  void zero_private(uint64_t gfn) {
    // SAFETY: the frame is ours, validated and mapped one to one.
    auto* words = reinterpret_cast<volatile uint64_t*>(gfn << page_shift);
    for (uint64_t index = 0; index < page_size / sizeof(uint64_t); ++index) words[index] = 0;
  }
  void evict(uint64_t gfn) {
    // Reading the first and the last byte of a page through C=1 evicts stale lines of its C=0 alias. Always done: that it
    // need not be is a CPUID bit, and the hypervisor's.
    // SAFETY: the frame is ours, validated and mapped one to one.
    auto* bytes = reinterpret_cast<const volatile std::byte*>(gfn << page_shift);
    static_cast<void>(bytes[0]);
    static_cast<void>(bytes[page_size - 1]);
  }
  void halt() {
    asm volatile("cli; hlt" : : : "memory");  // SAFETY: the machine has ended; an NMI or a resume comes back from here
  }

 private:
  template <class T>
  SharedPtr<T> field(uint64_t offset) {
    return {reinterpret_cast<volatile T*>(page_ + offset), nullptr};  // SAFETY: aligned, and within the GHCB page
  }
  volatile std::byte* page_;
  uint64_t gpa_;
  SetCBit set_c_bit_;
};
static_assert(SnpHardware<RealHardware>);

}  // namespace cupel::snp
