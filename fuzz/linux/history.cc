#include "fuzz/linux/history.hh"

#include <algorithm>

namespace cupel::fuzz {

size_t RememberedMemory::copy_in(uint64_t address, std::span<std::byte> out) const {
  size_t done = 0;
  for (bool further = true; further && done < out.size();) {
    further = false;
    for (const Stretch& stretch : stretches_) {
      const uint64_t offset = address + done - stretch.address;
      if (offset >= stretch.bytes.size()) continue;
      const size_t size = std::min(out.size() - done, stretch.bytes.size() - offset);
      std::ranges::copy(std::span(stretch.bytes).subspan(offset, size), out.begin() + static_cast<ptrdiff_t>(done));
      done += size;
      further = true;
      break;
    }
  }
  return done;
}

void History::clear() {
  pieces_.clear();
  begins_.clear();
  clock_ = 0;
  sequential_ = true;
}

void History::open(size_t step) {
  if (begins_.size() <= step) begins_.resize(step + 1);
  begins_[step] = ++clock_;
}

void History::add(const StepReport& report) {
  Piece piece{.step = report.index, .begin = begins_.at(report.index), .end = ++clock_, .desc = report.invocation.desc, .tid = report.invocation.tid,
              .registers = report.invocation.registers, .kind = report.outcome.kind, .value = report.outcome.value, .mishaps = report.mishaps,
              .memory = {}, .before = {}, .after = {}};
  begins_[report.index] = piece.end;
  for (const interface::Slot& slot : report.outcome.slots) {
    piece.memory.remember(slot.address, slot.before);
    piece.before.push_back({slot.address, {slot.before.begin(), slot.before.end()}});
    piece.after.push_back({slot.address, {slot.after.begin(), slot.after.end()}});
  }
  std::vector<std::byte> bytes;
  look(report, bytes, [&](const Extent& extent) {
    if (!bytes.empty()) piece.memory.remember(extent.address, bytes);
  });
  for (const Piece& earlier : pieces_) sequential_ = sequential_ && earlier.precedes(piece);
  pieces_.push_back(std::move(piece));
}

}  // namespace cupel::fuzz
