#include "platforms/mock/tee/vault.hh"

#include <algorithm>

namespace cupel::mock_tee {

using optee::Tee;

void Vault::begin(uint64_t secret) {
  files_.clear(), past_.clear(), images_.clear(), sealed_.clear(), plains_.clear(), complaint_.clear();
  anchor_ = {};
  for (size_t at = 0; at < key_.size(); ++at) key_[at] = static_cast<uint8_t>(secret >> at % 8 * 8) ^ static_cast<uint8_t>(at);
  numbers_ = 0, writes_ = requests_ = 0;
  cut_at_.reset(), fail_at_.reset();
}

// Power fails at a write of the supplicant's or of the anchor's: before the anchor, in the middle of a file.
void Vault::step(bool writes) {
  if (writes && cut_at_ && writes_ >= *cut_at_) throw PowerCut{};
  if (writes) ++writes_;
}

bool Vault::fails() {
  const uint32_t now = requests_++;
  return fail_at_ && now == *fail_at_;
}

void Vault::note() {
  constexpr size_t images_max = 64;
  if (images_.size() < images_max) images_.push_back(files_);
}

void Vault::set_anchor(const optee::storage::Anchor& anchor) {
  step(true);
  anchor_ = anchor;
}

bool Vault::seal(uint64_t nonce, std::span<const uint8_t> bound, std::span<const uint8_t> plain, std::span<uint8_t> cipher, std::span<uint8_t> tag) {
  if (!sealed_.insert(nonce).second) complaint_ = "a number seals one text, ever";
  constexpr size_t telling = 16;  // bytes that do not stand in a file by chance
  if (plain.size() >= telling) plains_.emplace_back(plain.begin(), plain.end());
  return mock_snp::gcm_seal(key_, nonce, bound, plain, cipher, tag);
}

bool Vault::open(uint64_t nonce, std::span<const uint8_t> bound, std::span<const uint8_t> cipher, std::span<const uint8_t> tag, std::span<uint8_t> plain) {
  return mock_snp::gcm_open(key_, nonce, bound, cipher, tag, plain);
}

optee::TeeResult<uint64_t> Vault::read(uint32_t file, std::span<uint8_t> to) {
  if (fails()) return optee::refuse(Tee::out_of_memory);
  const auto found = files_.find(file);
  if (found == files_.end()) return optee::refuse(Tee::item_not_found);
  const size_t size = std::min(to.size(), found->second.size());
  std::copy_n(found->second.begin(), size, to.begin());
  return found->second.size() > to.size() ? to.size() : size;
}

optee::TeeResult<> Vault::write(uint32_t file, std::span<const uint8_t> from) {
  if (fails()) return optee::refuse(Tee::storage_no_space);
  for (const File& plain : plains_) {
    if (!std::ranges::search(from, plain).empty()) complaint_ = "what is stored is sealed";
  }
  const auto found = files_.find(file);
  if (found != files_.end()) past_[file].push_back(found->second);
  try {
    step(true);
  } catch (const PowerCut&) {
    files_[file].assign(from.begin(), from.begin() + static_cast<ptrdiff_t>(from.size() / 2));
    throw;
  }
  files_[file].assign(from.begin(), from.end());
  note();
  return {};
}

void Vault::remove(uint32_t file) {
  step(true);
  const auto found = files_.find(file);
  if (found == files_.end()) return;
  past_[file].push_back(found->second);
  files_.erase(found);
  note();
}

bool Vault::roll_back(uint32_t file, uint32_t ago) {
  const auto& past = past_[file];
  if (past.empty()) return false;
  const File& old = past[past.size() - 1 - ago % past.size()];
  if (files_.contains(file) && files_[file] == old) return false;
  files_[file] = old;
  return true;
}

bool Vault::roll_back_all(uint32_t ago) {
  if (images_.empty()) return false;
  const auto& old = images_[images_.size() - 1 - ago % images_.size()];
  if (files_ == old) return false;
  files_ = old;
  return true;
}

bool Vault::flip(uint32_t file, uint64_t bit) {
  const auto found = files_.find(file);
  if (found == files_.end() || found->second.empty()) return false;
  found->second[bit / 8 % found->second.size()] ^= static_cast<uint8_t>(1u << bit % 8);
  return true;
}

bool Vault::lose(uint32_t file) { return files_.erase(file) != 0; }

bool Vault::swap(uint32_t file, uint32_t other) {
  if (!files_.contains(file) || !files_.contains(other) || files_[file] == files_[other]) return false;
  std::swap(files_[file], files_[other]);
  return true;
}

}  // namespace cupel::mock_tee
