#pragma once
#include <cstdint>
#include <span>

#include "platforms/lvbs/protection.hh"

// Who owns each frame of the machine, and what VTL0 may do with it. The registry is what the hypervisor's tables are compared
// with; a frame changes hands only where nobody has it.
namespace cupel::lvbs {

enum class Kind : uint8_t {
  open,      // VTL0's, nobody has claimed it
  vtl1,      // ours, for ever
  reserved,  // part of a claim that is being judged: VTL0 may read it
  owned,     // judged
};
using Owner = uint16_t;
inline constexpr Owner nobody = 0, kernel = 1, ring = 2, kexec_normal = 3, kexec_crash = 4, first_module = 8;

struct Frame {
  Kind kind = Kind::open;
  uint8_t flags = protection::open;
  Owner owner = nobody;
  friend bool operator==(const Frame&, const Frame&) = default;
};

// Whether [first, first + count) is a range of frames below `limit` that is not empty and does not wrap.
template <class Word>
constexpr bool within(const Word& first, const Word& count, const Word& limit) {
  if (count == Word(0)) return false;
  if (first >= limit) return false;
  return static_cast<bool>(count <= limit - first);
}

// Whether a claim may take a frame that is in this state, and whether a release by `owner` may.
template <class State>
constexpr bool may_claim(const State& kind) {
  return kind == Kind::open;
}
template <class State, class Word>
constexpr bool may_change(const State& kind, const Word& owner, const Word& who) {
  if (kind == Kind::open || kind == Kind::vtl1) return false;
  return static_cast<bool>(owner == who);
}

class Frames {
 public:
  explicit Frames(std::span<Frame> all) : all_(all) {}
  uint64_t count() const { return all_.size(); }
  const Frame& operator[](uint64_t gfn) const { return all_[gfn]; }
  void set(uint64_t gfn, const Frame& frame) { all_[gfn] = frame; }
  bool covers(uint64_t first, uint64_t frames) const { return within<uint64_t>(first, frames, all_.size()); }
  bool all_claimable(uint64_t first, uint64_t frames) const {
    if (!covers(first, frames)) return false;
    for (uint64_t gfn = first; gfn < first + frames; ++gfn) {
      if (!may_claim(all_[gfn].kind)) return false;
    }
    return true;
  }

 private:
  std::span<Frame> all_;
};

}  // namespace cupel::lvbs
