#pragma once
#include <span>

#include "platforms/lvbs/core.hh"
#include "platforms/lvbs/frames.hh"

namespace cupel::lvbs {

// One frame that is to be in another state.
struct Change {
  uint64_t gfn = 0;
  Frame to;
};
inline constexpr uint64_t changes_max = 1024;

// Changes of what VTL0 may do, all or none: collected first, then put to the hypervisor in batches, and only then true for the
// registry. Where the hypervisor refuses in the middle, what it had done is taken back.
template <VtlHardware Hardware>
class Protector {
 public:
  // `marks` has a bit for each frame, all of them 0.
  Protector(Core<Hardware>& core, Frames frames, std::span<uint64_t> marks) : core_(core), frames_(frames), marks_(marks) {}

  Frames& frames() { return frames_; }
  const Frames& frames() const { return frames_; }

  void begin() {
    for (uint64_t index = 0; index < count_; ++index) marks_[changes_[index].gfn / 64] = 0;
    count_ = 0;
  }
  // False where there is no room, or the frame is among the changes already.
  [[nodiscard]] bool add(uint64_t gfn, const Frame& to) {
    uint64_t& marks = marks_[gfn / 64];
    const uint64_t mark = uint64_t{1} << (gfn % 64);
    if (count_ == changes_max || (marks & mark) != 0) return false;
    marks |= mark;
    changes_[count_++] = {gfn, to};
    return true;
  }
  [[nodiscard]] bool add_range(uint64_t first, uint64_t frames, const Frame& to) {
    for (uint64_t gfn = first; gfn < first + frames; ++gfn) {
      if (!add(gfn, to)) return false;
    }
    return true;
  }
  // Puts what was added into force; false: nothing has changed.
  [[nodiscard]] bool commit();
  // What frames are when nobody has claimed them.
  Frame unclaimed() const { return {Kind::open, unclaimed_flags_, nobody}; }
  void set_unclaimed(uint8_t flags) { unclaimed_flags_ = flags; }

 private:
  // Brings the hypervisor's flags of changes [from, to) to what they are to be, or were: how many of them are, as far as it says.
  uint64_t apply(uint64_t from, uint64_t to, bool back);
  uint8_t flags_of(const Change& change, bool back) const { return back ? frames_[change.gfn].flags : change.to.flags; }

  Core<Hardware>& core_;
  Frames frames_;
  std::span<uint64_t> marks_;
  Change changes_[changes_max];
  uint64_t count_ = 0;
  uint8_t unclaimed_flags_ = protection::open;
};

template <VtlHardware Hardware>
uint64_t Protector<Hardware>::apply(uint64_t from, uint64_t to, bool back) {
  while (from < to) {
    const uint8_t flags = flags_of(changes_[from], back);
    uint64_t alike = 1;
    while (from + alike < to && flags_of(changes_[from + alike], back) == flags) ++alike;
    const uint64_t count = abi::batch<uint64_t>(alike);
    typename Core<Hardware>::Input input(core_);
    input.put(0, abi::partition_self);
    input.put(8, flags | abi::input_vtl(1) << 32);
    for (uint64_t index = 0; index < count; ++index) input.put(abi::input_header_size + index * 8, changes_[from + index].gfn);
    const auto reps = core_.rep(abi::Code::modify_protection, count);
    from += reps.done;
    if (reps.failed) return from;
  }
  return from;
}

template <VtlHardware Hardware>
bool Protector<Hardware>::commit() {
  const uint64_t done = apply(0, count_, false);
  if (done < count_) {
    // A frame that stays as it is not believed to be would be worse than no service at all.
    if (apply(0, done, true) < done) core_.stop(Reason::rollback_refused);
    return false;
  }
  for (uint64_t index = 0; index < count_; ++index) frames_.set(changes_[index].gfn, changes_[index].to);
  return true;
}

}  // namespace cupel::lvbs
