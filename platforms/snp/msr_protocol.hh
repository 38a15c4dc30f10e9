#pragma once
#include <cstdint>
#include <expected>

// The GHCB MSR protocol (GHCB specification 56421, section 2.3.1): the 64 bits that guest and hypervisor exchange through
// MSR C001_0130 before, and beside, the GHCB page. value = GHCBData[63:12] | GHCBInfo[11:0].
//
// Everything a hypervisor answers is judged here and nowhere else: the paired response code, and every reserved bit zero.
// Templates over the word type: shipped with uint64_t, proved with a symbolic word.
namespace cupel::snp::msr {

inline constexpr uint32_t ghcb_msr = 0xc001'0130;
inline constexpr uint32_t sev_status_msr = 0xc001'0131;

enum class Info : uint16_t {
  sev_info = 0x001, sev_info_request = 0x002, cpuid_request = 0x004, cpuid = 0x005, reset_hold_request = 0x006, reset_hold = 0x007, preferred_ghcb_request = 0x010,
  preferred_ghcb = 0x011, register_ghcb_request = 0x012, register_ghcb = 0x013, page_state_request = 0x014, page_state = 0x015, run_vmpl_request = 0x016, run_vmpl = 0x017,
  features_request = 0x080, features = 0x081, terminate = 0x100,
};

enum class Fault : uint8_t {
  unpaired,   // the answer's code is not the request's, the request came back unchanged included
  reserved,   // a bit that must be zero is set
  refused,    // the hypervisor says no
};
template <class T>
using Answer = std::expected<T, Fault>;

inline constexpr uint64_t info_mask = 0xfff;
inline constexpr uint64_t gfn_mask = (uint64_t{1} << 40) - 1;  // a guest frame number in [51:12]

enum class PageOperation : uint8_t { to_private = 1, to_shared = 2 };

template <class Word>
constexpr Word with_info(const Word& data, Info info) {
  return data | Word(static_cast<uint64_t>(info));
}

// Whether the response carries the code that answers.
template <class Word>
constexpr bool is_paired(const Word& response, Info expected) {
  return static_cast<bool>((response & Word(info_mask)) == Word(static_cast<uint64_t>(expected)));
}

// --- 0x014/0x015: page state change of one 4K page ---
// `gfn` must be below 2^40: what is above would fall into the operation's bits.
template <class Word>
constexpr Word page_state_request(const Word& gfn, const Word& operation) {
  return with_info(Word((operation << Word(52)) | ((gfn & Word(gfn_mask)) << Word(12))), Info::page_state_request);
}
template <class Word>
struct PageStateRequest {
  Word gfn, operation;
};
// The mock's, and a proof's, way back.
template <class Word>
constexpr PageStateRequest<Word> decode_page_state_request(const Word& request) {
  return {(request >> Word(12)) & Word(gfn_mask), (request >> Word(52)) & Word(0xf)};
}
// Done only where the whole error field and all reserved bits are zero.
template <class Word>
constexpr Answer<Word> page_state_answer(const Word& response) {
  if (!is_paired(response, Info::page_state)) return std::unexpected(Fault::unpaired);
  if (((response >> Word(12)) & Word(0xf'ffff)) != Word(0)) return std::unexpected(Fault::reserved);
  if ((response >> Word(32)) != Word(0)) return std::unexpected(Fault::refused);
  return response;
}

// --- 0x012/0x013: register the GHCB's frame ---
template <class Word>
constexpr Word register_request(const Word& gfn) {
  return with_info(Word(gfn << Word(12)), Info::register_ghcb_request);
}
// The same frame must come back; all ones is a refusal.
template <class Word>
constexpr Answer<Word> register_answer(const Word& response, const Word& gfn) {
  if (!is_paired(response, Info::register_ghcb)) return std::unexpected(Fault::unpaired);
  if ((response >> Word(12)) != gfn) return std::unexpected(Fault::refused);
  return gfn;
}

// --- 0x002/0x001: protocol versions and the C-bit's number ---
inline constexpr uint64_t version = 2;
// The C-bit's number, which is only a hint. Refused where version 2 is not between the least and the greatest offered.
template <class Word>
constexpr Answer<Word> sev_info_answer(const Word& response) {
  if (!is_paired(response, Info::sev_info)) return std::unexpected(Fault::unpaired);
  if (((response >> Word(12)) & Word(0xfff)) != Word(0)) return std::unexpected(Fault::reserved);
  const Word least = (response >> Word(32)) & Word(0xffff), greatest = response >> Word(48);
  if (least > Word(version)) return std::unexpected(Fault::refused);
  if (greatest < Word(version)) return std::unexpected(Fault::refused);
  return (response >> Word(24)) & Word(0xff);
}

// --- 0x080/0x081: hypervisor features ---
inline constexpr uint64_t feature_snp = 1;
template <class Word>
constexpr Answer<Word> features_answer(const Word& response) {
  if (!is_paired(response, Info::features)) return std::unexpected(Fault::unpaired);
  const Word bits = response >> Word(12);
  if ((bits & Word(feature_snp)) == Word(0)) return std::unexpected(Fault::refused);
  return bits;
}

// --- 0x004/0x005: CPUID of subleaf 0, for the time before there is a CPUID page ---
enum class CpuidRegister : uint8_t { eax, ebx, ecx, edx };
template <class Word>
constexpr Word cpuid_request(const Word& leaf, const Word& which) {
  return with_info(Word((leaf << Word(32)) | ((which & Word(3)) << Word(30))), Info::cpuid_request);
}
// The register's value, where the same register comes back.
template <class Word>
constexpr Answer<Word> cpuid_answer(const Word& response, const Word& which) {
  if (!is_paired(response, Info::cpuid)) return std::unexpected(Fault::unpaired);
  if (((response >> Word(12)) & Word(0x3'ffff)) != Word(0)) return std::unexpected(Fault::reserved);
  if (((response >> Word(30)) & Word(3)) != which) return std::unexpected(Fault::unpaired);
  return response >> Word(32);
}

// --- 0x006/0x007: AP reset hold. Anything but 0: a start was asked for; 0: woken for nothing ---
template <class Word>
constexpr Answer<Word> reset_hold_answer(const Word& response) {
  if (!is_paired(response, Info::reset_hold)) return std::unexpected(Fault::unpaired);
  return response >> Word(12);
}

// --- 0x010/0x011: where the hypervisor would like the GHCB ---
inline constexpr uint64_t no_preference = (uint64_t{1} << 52) - 1;
// Heard, and not followed: the GHCB's frame is ours to choose. Only the pairing matters.
template <class Word>
constexpr Answer<Word> preferred_ghcb_answer(const Word& response) {
  if (!is_paired(response, Info::preferred_ghcb)) return std::unexpected(Fault::unpaired);
  return response >> Word(12);
}

// --- 0x016/0x017: run another privilege level ---
template <class Word>
constexpr Word run_vmpl_request(const Word& vmpl) {
  return with_info(Word((vmpl & Word(0xff)) << Word(32)), Info::run_vmpl_request);
}
template <class Word>
constexpr Answer<Word> run_vmpl_answer(const Word& response) {
  if (!is_paired(response, Info::run_vmpl)) return std::unexpected(Fault::unpaired);
  if (((response >> Word(12)) & Word(0xf'ffff)) != Word(0)) return std::unexpected(Fault::reserved);
  if ((response >> Word(32)) != Word(0)) return std::unexpected(Fault::refused);
  return response;
}

// --- 0x100: terminate ---
template <class Word>
constexpr Word terminate_request(const Word& set, const Word& code) {
  return with_info(Word(((set & Word(0xf)) << Word(12)) | ((code & Word(0xff)) << Word(16))), Info::terminate);
}

}  // namespace cupel::snp::msr
