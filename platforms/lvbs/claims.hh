#pragma once
#include "platforms/lvbs/protector.hh"
#include "platforms/lvbs/range_list.hh"

namespace cupel::lvbs {

// Frames that change hands: taken only where nobody has them, and given back only by who has them.
template <VtlHardware Hardware>
class Claims {
 public:
  explicit Claims(Core<Hardware>& core, Protector<Hardware>& protector) : core_(core), protector_(protector) {}

  void begin() { protector_.begin(); }
  // All frames of the range, which nobody may have, not this claim either. EINVAL.
  [[nodiscard]] Result<> add(const Range& range, Kind kind, uint64_t flags, Owner owner) {
    if (!protector_.frames().all_claimable(range.first(), range.frames())) return fail(Errno::inval);
    if (!protector_.add_range(range.first(), range.frames(), {kind, static_cast<uint8_t>(flags), owner})) return fail(Errno::inval);
    return {};
  }
  // Frames of the range that `owner` has get other flags.
  [[nodiscard]] Result<> change(const Range& range, Kind kind, uint64_t flags, Owner owner) {
    for (uint64_t gfn = range.first(); gfn < range.first() + range.frames(); ++gfn) {
      const Frame& frame = protector_.frames()[gfn];
      if (!may_change(frame.kind, frame.owner, owner)) return fail(Errno::inval);
      if (!protector_.add(gfn, {kind, static_cast<uint8_t>(flags), owner})) return fail(Errno::nomem);
    }
    return {};
  }
  // Gives the range back, as far as `owner` has it.
  [[nodiscard]] Result<> give_back(const Range& range, Owner owner) {
    for (uint64_t gfn = range.first(); gfn < range.first() + range.frames(); ++gfn) {
      const Frame& frame = protector_.frames()[gfn];
      if (!may_change(frame.kind, frame.owner, owner)) return fail(Errno::inval);
      if (!protector_.add(gfn, protector_.unclaimed())) return fail(Errno::nomem);
    }
    return {};
  }
  // EIO where the hypervisor refuses; nothing has changed then.
  [[nodiscard]] Result<> commit() { return protector_.commit() ? Result<>{} : fail(Errno::io); }
  // After a claim that was judged and found wanting: everything `owner` has is given back. What cannot be is nobody's to use.
  void undo(Owner owner) {
    protector_.begin();
    for (uint64_t gfn = 0; gfn < protector_.frames().count(); ++gfn) {
      const Frame& frame = protector_.frames()[gfn];
      if (may_change(frame.kind, frame.owner, owner) && !protector_.add(gfn, protector_.unclaimed())) core_.stop(Reason::rollback_refused);
    }
    if (!protector_.commit()) core_.stop(Reason::rollback_refused);
  }
  const Frames& frames() const { return protector_.frames(); }

 private:
  Core<Hardware>& core_;
  Protector<Hardware>& protector_;
};

}  // namespace cupel::lvbs
