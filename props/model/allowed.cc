#include "props/model/allowed.hh"

#include "libos/base/check.hh"

namespace cupel::props {

std::span<const std::byte> Actual::bytes(uint64_t address, size_t size) const {
  for (const interface::Slot& slot : slots) {
    const uint64_t offset = address - slot.address;
    if (offset <= slot.after.size() && size <= slot.after.size() - offset) return slot.after.subspan(offset, size);
  }
  return {};
}

void Allowed::clear() {
  errors_.reset();
  count_ = 0;
  lost_ = false;
  writes_.clear();
  store_.clear();
}

Result<> Allowed::add(interface::Outcome::Kind kind, int64_t low, int64_t high, bool transfer) {
  CHECK(count_ < alternatives_max);
  Alternative& alternative = alternatives_[count_++];
  alternative.kind = kind;
  alternative.transfer = transfer;
  alternative.low = low;
  alternative.high = high;
  alternative.fault.reset();
  alternative.writes_begin = alternative.writes_end = writes_.size();
  alternative.effect = {};
  alternative.inspection = {};
  return {};
}

size_t Allowed::keep(std::span<const std::byte> bytes) {
  const size_t at = store_.size();
  store_.insert(store_.end(), bytes.begin(), bytes.end());
  return at;
}

void Allowed::writes(uint64_t address, std::span<const std::byte> bytes) {
  writes_.push_back({address, bytes.size(), keep(bytes), Write::Kind::exact, 0});
  ++last().writes_end;
}

void Allowed::writes(uint64_t address, std::span<const std::byte> bytes, std::span<const std::byte> mask) {
  CHECK(bytes.size() == mask.size());
  const size_t at = keep(bytes);
  writes_.push_back({address, bytes.size(), at, Write::Kind::masked, keep(mask)});
  ++last().writes_end;
}

void Allowed::writes_elsewhere(SpaceId space, uint64_t address, size_t size) {
  writes_.push_back({address, size, 0, Write::Kind::unpredictable, 0, space});
  ++last().writes_end;
}

std::span<std::byte> Allowed::writes_here(uint64_t address, size_t size) {
  const size_t at = store_.size();
  store_.resize(at + size);
  writes_.push_back({address, size, at, Write::Kind::exact, 0});
  ++last().writes_end;
  return std::span(store_).subspan(at, size);
}

void Allowed::may_scribble(uint64_t address, size_t size) {
  writes_.push_back({address, size, 0, Write::Kind::unpredictable, 0});
}

}  // namespace cupel::props
