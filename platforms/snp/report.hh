#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

// The attestation report (SNP firmware ABI 56860, table 21) and what is required of it: by whom we prove ourselves to, and by
// ourselves before we use one.
namespace cupel::snp {

inline constexpr uint64_t report_size = 0x4a0;

struct TcbVersion {
  uint8_t boot_loader = 0, tee = 0, snp = 0, microcode = 0;
};
constexpr TcbVersion tcb_of(uint64_t word) {
  return {static_cast<uint8_t>(word), static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word >> 48), static_cast<uint8_t>(word >> 56)};
}
constexpr bool at_least(const TcbVersion& have, const TcbVersion& need) {
  return have.boot_loader >= need.boot_loader && have.tee >= need.tee && have.snp >= need.snp && have.microcode >= need.microcode;
}

// Bits of the guest policy and of the platform's information.
inline constexpr uint64_t policy_smt = uint64_t{1} << 16, policy_one = uint64_t{1} << 17, policy_migration = uint64_t{1} << 18, policy_debug = uint64_t{1} << 19;
inline constexpr uint64_t policy_ciphertext_hiding = uint64_t{1} << 24, policy_no_page_swap = uint64_t{1} << 25;
inline constexpr uint64_t platform_smt = 1, platform_ciphertext_hiding = uint64_t{1} << 4, platform_alias_checked = uint64_t{1} << 5;

struct Requirements {
  std::array<uint8_t, 64> report_data{};  // of our own nonce: an older report has another
  std::array<uint8_t, 48> measurement{};
  uint32_t vmpl = 0, svn_min = 0;
  TcbVersion tcb_min{};
  bool smt_off = false, ciphertext_hiding = false, alias_checked = false, no_page_swap = false;
};

enum class ReportFault : uint8_t { none, version, algorithm, vmpl, report_data, measurement, svn, policy, debug, migration, smt, ciphertext_hiding, alias, page_swap, tcb };

class Report {
 public:
  explicit Report(std::span<const uint8_t, report_size> bytes) : bytes_(bytes) {}
  uint64_t word(uint64_t offset) const {
    uint64_t value = 0;
    for (unsigned index = 0; index < 8; ++index) value |= uint64_t{bytes_[offset + index]} << (index * 8);
    return value;
  }
  uint32_t half(uint64_t offset) const { return static_cast<uint32_t>(word(offset)); }
  std::span<const uint8_t> part(uint64_t offset, uint64_t size) const { return bytes_.subspan(offset, size); }

 private:
  std::span<const uint8_t, report_size> bytes_;
};

// The signature is judged by who holds the chip's certificates; this is what the signed words must say.
constexpr ReportFault judge_report(const Report& report, const Requirements& need) {
  if (report.half(0) < 2) return ReportFault::version;
  if (report.half(0x34) != 1) return ReportFault::algorithm;  // ECDSA P-384: an SNP report, and none of an older kind
  if (report.half(0x30) != need.vmpl) return ReportFault::vmpl;
  if (!std::ranges::equal(report.part(0x50, 64), need.report_data)) return ReportFault::report_data;
  if (!std::ranges::equal(report.part(0x90, 48), need.measurement)) return ReportFault::measurement;
  if (report.half(4) < need.svn_min) return ReportFault::svn;
  const uint64_t policy = report.word(8), platform = report.word(0x40);
  if ((policy & policy_one) == 0) return ReportFault::policy;
  if ((policy & policy_debug) != 0) return ReportFault::debug;
  if ((policy & policy_migration) != 0) return ReportFault::migration;
  if (need.smt_off && ((policy & policy_smt) != 0 || (platform & platform_smt) != 0)) return ReportFault::smt;
  if (need.ciphertext_hiding && ((policy & policy_ciphertext_hiding) == 0 || (platform & platform_ciphertext_hiding) == 0)) return ReportFault::ciphertext_hiding;
  if (need.alias_checked && (platform & platform_alias_checked) == 0) return ReportFault::alias;
  if (need.no_page_swap && (policy & policy_no_page_swap) == 0) return ReportFault::page_swap;
  // What counts is the least that the platform could be made to run: the reported, the committed and the launch version.
  for (const uint64_t offset : {0x180u, 0x1e0u, 0x1f0u}) {
    if (!at_least(tcb_of(report.word(offset)), need.tcb_min)) return ReportFault::tcb;
  }
  return ReportFault::none;
}

// What the launch digest says of each page (56860, table 67): not only what it holds, but where it lies and what it is for.
enum class LaunchType : uint8_t { normal = 1, vmsa = 2, zero = 3, unmeasured = 4, secrets = 5, cpuid = 6 };
using Digest = std::array<uint8_t, 48>;
inline constexpr uint64_t page_info_size = 0x70;
constexpr std::array<uint8_t, page_info_size> page_info(const Digest& before, const Digest& contents, LaunchType type, uint64_t gpa) {
  std::array<uint8_t, page_info_size> info{};
  std::ranges::copy(before, info.begin());
  if (type == LaunchType::normal || type == LaunchType::vmsa) std::ranges::copy(contents, info.begin() + 0x30);
  info[0x60] = page_info_size;
  info[0x62] = static_cast<uint8_t>(type);
  for (unsigned index = 0; index < 8; ++index) info[0x68 + index] = static_cast<uint8_t>(gpa >> (index * 8));
  return info;
}

}  // namespace cupel::snp
