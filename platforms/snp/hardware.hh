#pragma once
#include <concepts>
#include <cstdint>
#include <optional>

#include "libos/base/shared_ptr.hh"

// What the guest side asks of the processor. Two models of it: the instructions themselves (real_hardware.hh), and the
// mock, whose hypervisor does what a fuzz input says.
namespace cupel::snp {

// PVALIDATE's outcome (APM volume 3): EAX, and CF: the page was in that state already.
struct Validated {
  uint32_t code;
  bool unchanged;
};
inline constexpr uint32_t validate_ok = 0, validate_bad_input = 1, validate_size_mismatch = 6;

// RMPADJUST's answer in EAX.
inline constexpr uint32_t adjust_ok = 0, adjust_bad_input = 1, adjust_no_permission = 2, adjust_size_mismatch = 6;

enum class PageSize : bool { small, large };

template <class H>
concept SnpHardware = requires(H& hardware, uint64_t word, uint64_t gfn, uint64_t gpa, PageSize size, bool yes, const Site* site) {
  // The GHCB MSR and VMGEXIT. What is read back is the hypervisor's.
  { hardware.write_ghcb_msr(word) } -> std::same_as<void>;
  { hardware.read_ghcb_msr(site) } -> std::same_as<Untrusted<uint64_t>>;
  { hardware.vmgexit() } -> std::same_as<void>;
  // MSR C001_0131: never intercepted in an SNP guest, so the one thing that is believed.
  // RAX and RCX at the next VMGEXIT, and RAX after it: a call to another privilege level. They are not the hypervisor's to see.
  { hardware.set_call_registers(word, word) } -> std::same_as<void>;
  { hardware.call_result() } -> std::same_as<uint64_t>;
  { hardware.sev_status() } -> std::same_as<uint64_t>;
  { hardware.pvalidate(gfn, size, yes) } -> std::same_as<Validated>;
  { hardware.rmpadjust(gfn, size, word) } -> std::same_as<uint32_t>;
  // Memory that is mapped shared (C=0).
  { hardware.shared8(gpa) } -> std::same_as<SharedPtr<uint8_t>>;
  { hardware.shared16(gpa) } -> std::same_as<SharedPtr<uint16_t>>;
  { hardware.shared32(gpa) } -> std::same_as<SharedPtr<uint32_t>>;
  { hardware.shared64(gpa) } -> std::same_as<SharedPtr<uint64_t>>;
  // Memory that is mapped private (C=1), by its address: pages which are more than the program's own objects.
  { hardware.load_private(gpa) } -> std::same_as<uint64_t>;
  // The same of pages whose content the hypervisor chose, although it cannot change it any more.
  { hardware.load_chosen(gpa, site) } -> std::same_as<Untrusted<uint64_t>>;
  // The same through a mapping that has this bit, and no other, as its C-bit.
  { hardware.load_through(gpa, unsigned{}) } -> std::same_as<uint64_t>;
  { hardware.store_private(gpa, word) } -> std::same_as<void>;
  { hardware.zero_private(gfn) } -> std::same_as<void>;
  { hardware.evict(gfn) } -> std::same_as<void>;
  // Page tables: whether the frame is mapped encrypted, and by a 2M entry; and dropping all processors' translations.
  { hardware.set_encrypted(gfn, yes) } -> std::same_as<void>;
  { hardware.mapped_large(gfn) } -> std::same_as<bool>;
  { hardware.flush_translations() } -> std::same_as<void>;
  // One try of RDSEED; nothing where it has nothing.
  { hardware.entropy() } -> std::same_as<std::optional<uint64_t>>;
  { hardware.timestamp(site) } -> std::same_as<Untrusted<uint64_t>>;
  { hardware.set_interrupts(yes) } -> std::same_as<void>;
  // Stops the processor. Where it comes back after the end, the hypervisor has resumed a guest that had ended.
  { hardware.halt() } -> std::same_as<void>;
};

}  // namespace cupel::snp
