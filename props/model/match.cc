#include "props/model/match.hh"

#include <algorithm>

namespace cupel::props {
namespace {

// Calls part(offset in the slot, offset in the write, size) where the first `size` bytes of a write meet the slot.
template <class Part>
void meet(const interface::Slot& slot, const Write& write, size_t size, Part part) {
  if (write.space != SpaceId::none) return;  // slots are the caller's
  const uint64_t begin = std::max(slot.address, write.address);
  const uint64_t end = std::min(slot.address + slot.after.size(), write.address + size);
  if (begin < end) part(begin - slot.address, begin - write.address, end - begin);
}

bool planned(Faults faults, Errno error) {
  switch (error) {
    case Errno::nomem: return faults.has(Fault::allocation);
    case Errno::fault: return faults.has(Fault::copy);
    case Errno::intr: return faults.has(Fault::wait);
    case Errno::perm:
    case Errno::nosys: return faults.has(Fault::refusal);
    default: return false;
  }
}

}  // namespace

bool Matcher::value_fits(const Alternative& alternative, Faults faults, const interface::Outcome& outcome) const {
  if (alternative.kind != outcome.kind) return false;
  if (alternative.fault && !faults.has(*alternative.fault)) return false;
  const bool short_too = alternative.transfer && faults.any();
  return outcome.value >= (short_too ? std::min<int64_t>(alternative.low, 1) : alternative.low) &&
         outcome.value <= alternative.high;
}

bool Matcher::bytes_fit(const Allowed& allowed, const Alternative& alternative, const interface::Outcome& outcome) {
  for (const interface::Slot& slot : outcome.slots) {
    expected_.assign(slot.before.begin(), slot.before.end());
    size_t left = alternative.transfer ? static_cast<size_t>(outcome.value) : SIZE_MAX;
    for (const Write& write : allowed.writes_of(alternative)) {
      const size_t size = std::min(write.size, left);
      left -= size;
      meet(slot, write, size, [&](size_t in_slot, size_t in_write, size_t count) {
        const auto to = std::span(expected_).subspan(in_slot, count);
        const auto seen = slot.after.subspan(in_slot, count);
        if (write.kind == Write::Kind::unpredictable) {
          std::ranges::copy(seen, to.begin());
          return;
        }
        std::ranges::copy(allowed.bytes_of(write).subspan(in_write, count), to.begin());
        if (write.kind == Write::Kind::exact) return;
        const auto mask = allowed.mask_of(write).subspan(in_write, count);
        for (size_t index = 0; index < count; ++index) to[index] = (to[index] & mask[index]) | (seen[index] & ~mask[index]);
      });
    }
    if (!std::ranges::equal(expected_, slot.after)) return false;
  }
  return true;
}

const Alternative* Matcher::find(const World& world, const Allowed& allowed, Faults faults, const interface::Outcome& outcome) {
  for (const Alternative& alternative : allowed.alternatives()) {
    if (!value_fits(alternative, faults, outcome) || !bytes_fit(allowed, alternative, outcome)) continue;
    if (alternative.inspection && !alternative.inspection(world, {outcome.value, outcome.slots}).empty()) continue;
    return &alternative;
  }
  return nullptr;
}

bool Matcher::is_plain_error(const Allowed& allowed, Faults faults, const interface::Outcome& outcome) {
  if (outcome.kind != interface::Outcome::Kind::returned || outcome.value >= 0) return false;
  if (outcome.value <= -static_cast<int64_t>(Allowed::errors_count)) return false;
  const auto error = static_cast<Errno>(-outcome.value);
  if (!allowed.fails(error) && !planned(faults, error)) return false;
  for (const interface::Slot& slot : outcome.slots) {
    if (std::ranges::equal(slot.before, slot.after)) continue;
    if (error != Errno::fault && error != Errno::intr) return false;
    expected_.assign(slot.before.begin(), slot.before.end());
    for (const Write& write : allowed.all_writes()) {
      meet(slot, write, write.size, [&](size_t in_slot, size_t, size_t count) {
        std::ranges::copy(slot.after.subspan(in_slot, count), expected_.begin() + static_cast<ptrdiff_t>(in_slot));
      });
    }
    if (!std::ranges::equal(expected_, slot.after)) return false;
  }
  return true;
}

}  // namespace cupel::props
