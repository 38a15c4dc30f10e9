#pragma once
#include "platforms/snp/messages.hh"
#include "platforms/snp/report.hh"

// Reports and keys from the secure processor.
namespace cupel::snp {

enum class AttestationFault : uint8_t { no_message, status, report };

template <SnpHardware Hardware, MessageCipher Cipher>
class Attestation {
 public:
  Attestation(Messages<Hardware, Cipher>& messages, unsigned vmpl) : messages_(messages), vmpl_(vmpl) {}

  // A report that binds `need.report_data`; it is given out only where it is what is required.
  std::expected<void, AttestationFault> report(const Requirements& need, std::span<uint8_t, report_size> out, bool extended = false);
  // A key that only this guest, by the fields chosen, can have.
  std::expected<void, AttestationFault> derive_key(uint64_t fields, std::span<uint8_t, 32> out);
  // The counter's frequency, by the secure processor's word.
  std::expected<uint64_t, AttestationFault> tsc_factor();

 private:
  static uint32_t word(std::span<const uint8_t> bytes, uint64_t at) { return bytes[at] | uint32_t{bytes[at + 1]} << 8 | uint32_t{bytes[at + 2]} << 16 | uint32_t{bytes[at + 3]} << 24; }
  Messages<Hardware, Cipher>& messages_;
  unsigned vmpl_;
  std::array<uint8_t, 0x20 + report_size> answer_{};
};

template <SnpHardware Hardware, MessageCipher Cipher>
std::expected<void, AttestationFault> Attestation<Hardware, Cipher>::report(const Requirements& need, std::span<uint8_t, report_size> out, bool extended) {
  std::array<uint8_t, 0x60> request{};
  std::ranges::copy(need.report_data, request.begin());
  request[0x40] = static_cast<uint8_t>(vmpl_);
  if (!messages_.exchange(5, request, answer_, extended)) return std::unexpected(AttestationFault::no_message);
  if (word(answer_, 0) != 0 || word(answer_, 4) != report_size) return std::unexpected(AttestationFault::status);
  const auto body = std::span(answer_).template subspan<0x20, report_size>();
  if (judge_report(Report(body), need) != ReportFault::none) return std::unexpected(AttestationFault::report);
  std::ranges::copy(body, out.begin());
  return {};
}

template <SnpHardware Hardware, MessageCipher Cipher>
std::expected<void, AttestationFault> Attestation<Hardware, Cipher>::derive_key(uint64_t fields, std::span<uint8_t, 32> out) {
  std::array<uint8_t, 0x20> request{};
  for (unsigned index = 0; index < 8; ++index) request[8 + index] = static_cast<uint8_t>(fields >> (index * 8));
  request[0x10] = static_cast<uint8_t>(vmpl_);
  std::array<uint8_t, 0x40> answer{};
  if (!messages_.exchange(3, request, answer)) return std::unexpected(AttestationFault::no_message);
  if (word(answer, 0) != 0) return std::unexpected(AttestationFault::status);
  std::copy_n(answer.begin() + 0x20, 32, out.begin());
  return {};
}

template <SnpHardware Hardware, MessageCipher Cipher>
std::expected<uint64_t, AttestationFault> Attestation<Hardware, Cipher>::tsc_factor() {
  const std::array<uint8_t, 128> request{};
  std::array<uint8_t, 128> answer{};
  if (!messages_.exchange(17, request, answer)) return std::unexpected(AttestationFault::no_message);
  if (word(answer, 0) != 0) return std::unexpected(AttestationFault::status);
  return word(answer, 0x18);
}

}  // namespace cupel::snp
