#include "platforms/mock/snp/secure_processor.hh"

#include <algorithm>
#include <cstring>

#include "platforms/mock/chance.hh"
#include "platforms/mock/snp/gcm.hh"

namespace cupel::mock_snp {
namespace {

// Firmware errors (56860, table 129).
constexpr uint32_t aead_failure = 0x05, invalid_length = 0x04, bad_message = 0x16;
constexpr size_t header_size = 0x60, payload_max = 4000, authenticated = 0x30;

template <class T>
T field(std::span<const uint8_t> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}
template <class T>
void put(std::vector<uint8_t>& bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

}  // namespace

void SecureProcessor::begin(uint64_t secret) {
  for (Key& one : keys_) {
    for (uint8_t& byte : one) byte = static_cast<uint8_t>(mock::splitmix64(secret));
  }
  counts_.fill(0);
  seen_.clear();
  responses_.clear();
  report_template.assign(0x4a0, 0);
  nonce_reused_ = false;
  processed_ = 0;
}

std::vector<uint8_t> SecureProcessor::respond(uint8_t type, std::span<const uint8_t> payload, uint8_t& response_type) const {
  response_type = static_cast<uint8_t>(type + 1);
  if (type == 5 && payload.size() == 0x60) {  // REPORT_REQ
    std::vector<uint8_t> answer(0x20 + 0x4a0);
    put<uint32_t>(answer, 4, 0x4a0);
    std::ranges::copy(report_template, answer.begin() + 0x20);
    std::copy_n(payload.begin(), 64, answer.begin() + 0x20 + 0x50);
    put<uint32_t>(answer, 0x20 + 0x30, field<uint32_t>(payload, 0x40));
    return answer;
  }
  if (type == 3 && payload.size() == 0x20) {  // KEY_REQ: a key that depends on all that was asked
    std::vector<uint8_t> answer(0x40);
    uint64_t state = 0x6b65'79;
    for (const uint8_t byte : payload) state = state * 31 + byte;
    for (size_t index = 0; index < 32; ++index) answer[0x20 + index] = static_cast<uint8_t>(mock::splitmix64(state));
    return answer;
  }
  if (type == 17 && payload.size() == 128) {  // TSC_INFO_REQ
    std::vector<uint8_t> answer(128);
    put<uint64_t>(answer, 8, uint64_t{1} << 32);
    put<uint32_t>(answer, 0x18, 200);
    return answer;
  }
  return {};
}

uint32_t SecureProcessor::process(const uint64_t* request_page, uint64_t* response_page) {
  std::vector<uint8_t> page(4096);
  std::memcpy(page.data(), request_page, page.size());
  const auto vmpck = field<uint8_t>(page, 0x3c);
  const auto sequence = field<uint64_t>(page, 0x20);
  const auto size = field<uint16_t>(page, 0x36);
  if (vmpck > 3) return bad_message;
  if (size > payload_max) return invalid_length;
  const std::vector<uint8_t> ciphertext(page.begin(), page.begin() + static_cast<ptrdiff_t>(header_size + size));
  const auto [known, fresh] = seen_.try_emplace({vmpck, sequence}, ciphertext);
  if (!fresh && known->second != ciphertext) nonce_reused_ = true;
  if (sequence != counts_[vmpck] + 1) return aead_failure;
  std::vector<uint8_t> plain(size);
  if (!gcm_open(keys_[vmpck], sequence, {page.data() + authenticated, 0x30}, {page.data() + header_size, size}, {page.data(), 16}, plain)) return aead_failure;
  uint8_t type = 0;
  const auto answer = respond(field<uint8_t>(page, 0x34), plain, type);
  if (answer.empty()) return bad_message;
  counts_[vmpck] += 2;
  ++processed_;

  std::vector<uint8_t> out(4096);
  put<uint64_t>(out, 0x20, sequence + 1);
  out[0x30] = 1, out[0x31] = 1, out[0x34] = type, out[0x35] = 1, out[0x3c] = vmpck;
  put<uint16_t>(out, 0x32, header_size);
  put<uint16_t>(out, 0x36, static_cast<uint16_t>(answer.size()));
  gcm_seal(keys_[vmpck], sequence + 1, {out.data() + authenticated, 0x30}, answer, {out.data() + header_size, answer.size()}, {out.data(), 16});
  std::memcpy(response_page, out.data(), out.size());
  responses_.push_back(std::move(out));
  return 0;
}

bool SecureProcessor::replay(size_t which, uint64_t* response_page) const {
  if (responses_.empty()) return false;
  const auto& old = responses_[which % responses_.size()];
  std::memcpy(response_page, old.data(), old.size());
  return true;
}

}  // namespace cupel::mock_snp
