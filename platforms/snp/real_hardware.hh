#pragma once
#include "libos/base/page.hh"
#include "platforms/snp/hardware.hh"
#include "platforms/snp/msr_protocol.hh"

namespace cupel::snp {

// The page tables of an image: its own code, as it lies in its memory map.
class PageTables {
 public:
  virtual void set_encrypted(uint64_t gpa, bool encrypted) = 0;
  virtual uint64_t load_through(uint64_t gpa, unsigned c_bit) = 0;
  virtual bool mapped_large(uint64_t gpa) = 0;
  virtual void flush() = 0;  // on all processors

 protected:
  ~PageTables() = default;
};

// The processor itself. Guest memory is mapped one to one.
class RealHardware {
 public:
  explicit RealHardware(PageTables& tables) : tables_(tables) {}

  void write_ghcb_msr(uint64_t value) {
    // SAFETY: WRMSR of the GHCB MSR changes no memory the compiler knows of; interrupts are masked by the caller.
    asm volatile("wrmsr" : : "c"(msr::ghcb_msr), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)) : "memory");
  }
  Untrusted<uint64_t> read_ghcb_msr(const Site*) {
    uint32_t low = 0, high = 0;
    // SAFETY: RDMSR of the GHCB MSR; what it gives is the hypervisor's.
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr::ghcb_msr) : "memory");
    return Untrusted<uint64_t>(uint64_t{high} << 32 | low);
  }
  void vmgexit() {
    // SAFETY: "rep vmmcall" is VMGEXIT; anything shared may have changed afterwards, which the clobber says.
    asm volatile("rep; vmmcall" : "+a"(call_rax_) : "c"(call_rcx_) : "memory");
  }
  void set_call_registers(uint64_t rax, uint64_t rcx) { call_rax_ = rax, call_rcx_ = rcx; }
  uint64_t call_result() { return call_rax_; }
  Validated pvalidate(uint64_t gfn, PageSize size, bool validate) {
    uint32_t code = 0;
    bool unchanged = false;
    // SAFETY: PVALIDATE (APM volume 3) by its bytes; RAX the address, ECX the size, EDX what to make of it.
    asm volatile(".byte 0xf2, 0x0f, 0x01, 0xff" : "=a"(code), "=@ccc"(unchanged) : "a"(gfn << page_shift), "c"(static_cast<uint32_t>(size)), "d"(validate ? 1 : 0) : "memory");
    return {code, unchanged};
  }
  uint32_t rmpadjust(uint64_t gfn, PageSize size, uint64_t attributes) {
    uint64_t code = gfn << page_shift;
    // SAFETY: RMPADJUST (APM volume 3) by its bytes; RAX the address and then the code, RCX the size, RDX the attributes.
    asm volatile(".byte 0xf3, 0x0f, 0x01, 0xfe" : "+a"(code) : "c"(static_cast<uint64_t>(size)), "d"(attributes) : "memory", "cc");
    return static_cast<uint32_t>(code);
  }
  uint64_t sev_status() {
    uint32_t low = 0, high = 0;
    // SAFETY: RDMSR of SEV_STATUS, which no hypervisor can intercept in an SNP guest.
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr::sev_status_msr));
    return uint64_t{high} << 32 | low;
  }
  SharedPtr<uint8_t> shared8(uint64_t gpa) { return shared<uint8_t>(gpa); }
  SharedPtr<uint16_t> shared16(uint64_t gpa) { return shared<uint16_t>(gpa); }
  SharedPtr<uint32_t> shared32(uint64_t gpa) { return shared<uint32_t>(gpa); }
  SharedPtr<uint64_t> shared64(uint64_t gpa) { return shared<uint64_t>(gpa); }
  uint64_t load_private(uint64_t gpa) {
    return *reinterpret_cast<const volatile uint64_t*>(gpa);  // SAFETY: ours, validated, mapped one to one
  }
  Untrusted<uint64_t> load_chosen(uint64_t gpa, const Site*) { return Untrusted<uint64_t>(load_private(gpa)); }
  void store_private(uint64_t gpa, uint64_t value) {
    *reinterpret_cast<volatile uint64_t*>(gpa) = value;  // SAFETY: ours, validated, mapped one to one
  }
  void set_encrypted(uint64_t gfn, bool encrypted) { tables_.set_encrypted(gfn << page_shift, encrypted); }
  uint64_t load_through(uint64_t gpa, unsigned c_bit) { return tables_.load_through(gpa, c_bit); }
  bool mapped_large(uint64_t gfn) { return tables_.mapped_large(gfn << page_shift); }
  void flush_translations() { tables_.flush(); }
  std::optional<uint64_t> entropy() {
    uint64_t value = 0;
    bool good = false;
    // SAFETY: RDSEED; CF says whether there is a value.
    asm volatile("rdseed %0" : "=r"(value), "=@ccc"(good));
    if (!good) return std::nullopt;
    return value;
  }
  Untrusted<uint64_t> timestamp(const Site*) {
    uint32_t low = 0, high = 0;
    // SAFETY: RDTSC, ordered; without SecureTSC the hypervisor has its hand in it.
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return Untrusted<uint64_t>(uint64_t{high} << 32 | low);
  }
  void set_interrupts(bool on) {
    if (on) asm volatile("sti" : : : "memory");  // SAFETY: pending doorbell events are looked at by who calls
    else asm volatile("cli" : : : "memory");     // SAFETY: as above
  }
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
  SharedPtr<T> shared(uint64_t gpa) {
    return {reinterpret_cast<volatile T*>(gpa), nullptr};  // SAFETY: aligned, mapped one to one with C=0 by who asks
  }
  PageTables& tables_;
  uint64_t call_rax_ = 0, call_rcx_ = 0;
};
static_assert(SnpHardware<RealHardware>);

}  // namespace cupel::snp
