#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "platforms/mock/snp/gcm.hh"
#include "shims/optee/storage.hh"

// A supplicant's files with all their past, and what is secure beside them. Power may fail in the middle of any write; the supplicant
// may give any file it ever had, or none, or another.
namespace cupel::mock_tee {

struct PowerCut {};

class Vault {
 public:
  void begin(uint64_t secret);

  // --- What happens to it ---
  void cut_power_at(uint32_t write) { cut_at_ = writes_ + write; }
  void fail_at(uint32_t request) { fail_at_ = requests_ + request; }
  void restore_power() { cut_at_.reset(); }
  // File `file` is again what it was `ago` writes before; false where it was the same.
  bool roll_back(uint32_t file, uint32_t ago);
  bool flip(uint32_t file, uint64_t bit);
  bool lose(uint32_t file);
  bool swap(uint32_t file, uint32_t other);
  // All files of some time ago: a disk image.
  bool roll_back_all(uint32_t ago);
  uint32_t writes() const { return writes_; }
  uint32_t requests() const { return requests_; }
  // What was ever sealed twice under one number, or lay in a file as it is.
  const std::string& complaint() const { return complaint_; }

  // --- Vault ---
  optee::storage::Anchor anchor() const { return anchor_; }
  void set_anchor(const optee::storage::Anchor& anchor);
  uint64_t fresh() { return ++numbers_; }
  bool seal(uint64_t nonce, std::span<const uint8_t> bound, std::span<const uint8_t> plain, std::span<uint8_t> cipher, std::span<uint8_t> tag);
  bool open(uint64_t nonce, std::span<const uint8_t> bound, std::span<const uint8_t> cipher, std::span<const uint8_t> tag, std::span<uint8_t> plain);
  optee::TeeResult<uint64_t> read(uint32_t file, std::span<uint8_t> to);
  optee::TeeResult<> write(uint32_t file, std::span<const uint8_t> from);
  void remove(uint32_t file);

 private:
  using File = std::vector<uint8_t>;
  void step(bool writes);
  bool fails();
  void note();

  std::map<uint32_t, File> files_;
  std::map<uint32_t, std::vector<File>> past_;
  std::vector<std::map<uint32_t, File>> images_;
  optee::storage::Anchor anchor_;
  std::array<uint8_t, 32> key_{};
  uint64_t numbers_ = 0;
  std::set<uint64_t> sealed_;
  std::vector<File> plains_;
  std::string complaint_;
  uint32_t writes_ = 0, requests_ = 0;
  std::optional<uint32_t> cut_at_, fail_at_;
};
static_assert(optee::storage::Vault<Vault>);

}  // namespace cupel::mock_tee
