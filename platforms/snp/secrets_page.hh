#pragma once
#include <array>

#include "platforms/snp/core.hh"

// The secrets page (SNP firmware ABI 56860, table 70): written by the secure processor, private, at an address that is part of
// the measured image and never one that boot data names.
namespace cupel::snp {

inline constexpr uint64_t secrets_keys = 0x20, secrets_key_size = 32, secrets_sequence = 0xa0, secrets_svsm_base = 0x140, secrets_svsm_size = 0x148, secrets_svsm_caa = 0x150;

struct Secrets {
  std::array<uint64_t, 4> key{};  // of our own privilege level
  uint64_t sequence = 0;
  uint64_t svsm_base = 0, svsm_size = 0, calling_area = 0;
};

// Copies what is ours and wipes all keys from the page: whoever reads it later finds none. `vmpl` is our own privilege level.
template <SnpHardware Hardware>
Secrets take_secrets(Core<Hardware>& core, uint64_t gpa, unsigned vmpl) {
  Hardware& hardware = core.hardware;
  Secrets taken;
  core.require(vmpl < 4 && (hardware.load_private(gpa) & 0xffff'ffff) != 0, Reason::secrets_page);
  uint64_t some = 0;
  for (unsigned word = 0; word < 4; ++word) {
    taken.key[word] = hardware.load_private(gpa + secrets_keys + vmpl * secrets_key_size + word * 8);
    some |= taken.key[word];
  }
  const uint64_t sequences = hardware.load_private(gpa + secrets_sequence + vmpl / 2 * 8);
  taken.sequence = vmpl % 2 == 0 ? sequences & 0xffff'ffff : sequences >> 32;
  for (unsigned word = 0; word < 4 * secrets_key_size / 8; ++word) hardware.store_private(gpa + secrets_keys + word * 8, 0);
  // A store that was lost in the cache (CVE-2023-20592) would leave a key.
  for (unsigned word = 0; word < 4 * secrets_key_size / 8; ++word) core.require(hardware.load_private(gpa + secrets_keys + word * 8) == 0, Reason::secrets_page);
  core.require(some != 0, Reason::secrets_page);  // a disabled key encrypts nothing
  taken.svsm_base = hardware.load_private(gpa + secrets_svsm_base);
  taken.svsm_size = hardware.load_private(gpa + secrets_svsm_size);
  taken.calling_area = hardware.load_private(gpa + secrets_svsm_caa);
  // An SVSM is there exactly where we are not the highest level ourselves; its calling area lies within its memory.
  core.require((taken.svsm_size != 0) == (vmpl != 0), Reason::secrets_page);
  if (vmpl != 0) {
    const bool inside = taken.calling_area >= taken.svsm_base && taken.calling_area - taken.svsm_base < taken.svsm_size;
    core.require(inside && (taken.calling_area & 0xfff) == 0, Reason::secrets_page);
  }
  return taken;
}

}  // namespace cupel::snp
