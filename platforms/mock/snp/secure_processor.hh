#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

// The secure processor's side of guest messages (SNP firmware ABI 56860, chapter 7), with real AES-256-GCM: one key and one
// message count for each privilege level. It remembers each ciphertext it has seen by key and sequence number.
namespace cupel::mock_snp {

class SecureProcessor {
 public:
  using Key = std::array<uint8_t, 32>;
  void begin(uint64_t secret);

  const Key& key(unsigned vmpck) const { return keys_[vmpck]; }
  // Handles the message in the request page; the response page gets the answer. Returns the firmware's error, 0 for success.
  uint32_t process(const uint64_t* request_page, uint64_t* response_page);
  // Copies a response it has given before; false where there is no such one.
  bool replay(size_t which, uint64_t* response_page) const;

  // Whether a sequence number was ever used for two different ciphertexts of one key: the nonce is spent twice.
  bool nonce_reused() const { return nonce_reused_; }
  // The host data and so on that reports carry; what a test wants to differ from the honest ones.
  std::vector<uint8_t> report_template;
  void set_count(uint64_t count) { counts_.fill(count); }
  uint64_t processed() const { return processed_; }

 private:
  std::vector<uint8_t> respond(uint8_t type, std::span<const uint8_t> payload, uint8_t& response_type) const;

  std::array<Key, 4> keys_{};
  std::array<uint64_t, 4> counts_{};
  std::map<std::pair<unsigned, uint64_t>, std::vector<uint8_t>> seen_;
  std::vector<std::vector<uint8_t>> responses_;
  bool nonce_reused_ = false;
  uint64_t processed_ = 0;
};

}  // namespace cupel::mock_snp
