#pragma once
#include <concepts>
#include <cstdint>

#include "libos/base/shared_ptr.hh"
#include "platforms/snp/msr_protocol.hh"

// What the guest side asks of the processor. Two models of it: the instructions themselves (real_hardware.hh), and the
// mock, whose hypervisor does what a fuzz input says.
namespace cupel::snp {

// PVALIDATE's outcome (APM volume 3): EAX, and CF: the page was in that state already.
struct Validated {
  uint32_t code;
  bool unchanged;
};
inline constexpr uint32_t validate_ok = 0, validate_bad_input = 1, validate_size_mismatch = 6;

enum class PageSize : bool { small, large };

// The GHCB fields that the platform's exits use (GHCB specification section 2.3, table 3), as shared memory.
struct Ghcb {
  SharedPtr<uint64_t> exit_code, exit_info_1, exit_info_2, scratch, valid_low, valid_high;
  SharedPtr<uint16_t> version;
  SharedPtr<uint32_t> usage;
  uint64_t gpa;
};

template <class H>
concept SnpHardware = requires(H& hardware, uint64_t word, uint64_t gfn, uint64_t index, PageSize size, bool yes) {
  { hardware.write_ghcb_msr(word) } -> std::same_as<void>;
  { hardware.read_ghcb_msr() } -> std::same_as<Untrusted<uint64_t>>;
  { hardware.vmgexit() } -> std::same_as<void>;
  { hardware.pvalidate(gfn, size, yes) } -> std::same_as<Validated>;
  { hardware.ghcb() } -> std::same_as<Ghcb>;
  // The 64-bit words of the GHCB's shared buffer, 254 of them.
  { hardware.shared_buffer(index) } -> std::same_as<SharedPtr<uint64_t>>;
  // Page tables: whether the frame is mapped encrypted (C=1), with all processors' translations of it dropped.
  { hardware.set_encrypted(gfn, yes) } -> std::same_as<void>;
  { hardware.zero_private(gfn) } -> std::same_as<void>;
  { hardware.evict(gfn) } -> std::same_as<void>;
  // Stops the processor. Where it comes back, the hypervisor has resumed a guest that had ended: ask again.
  { hardware.halt() } -> std::same_as<void>;
};

}  // namespace cupel::snp
