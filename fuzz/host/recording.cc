#include "fuzz/host/recording.hh"

#include <algorithm>

namespace cupel::host {

void Recording::clear() { call_count_ = 0, chunk_ = 0, used_ = 0; }

void Recording::add(const fuzz::StepReport& report) {
  if (call_count_ == calls_.size()) calls_.emplace_back();
  RecordedCall& call = calls_[call_count_++];
  call.desc = report.invocation.desc;
  call.step = static_cast<uint16_t>(report.index);
  call.tid = report.invocation.tid;
  call.registers = report.invocation.registers;
  call.kind = report.outcome.kind;
  call.value = report.outcome.value;
  call.mishap = report.mishaps.any();
  call.slots.clear(), call.stores.clear();
  call.slots_end = fuzz::slots_base;
  const auto reach = [&](uint64_t address, uint64_t size) {
    if (address < fuzz::slots_base || address >= fuzz::unmapped_base) return;
    call.slots_end = std::max(call.slots_end, address + std::min(size, fuzz::unmapped_base - address));
  };
  for (const interface::Slot& slot : report.outcome.slots) {
    const auto before = keep(slot.before);
    call.slots.push_back({slot.address, before, slot.after.data() == slot.before.data() ? before : keep(slot.after)});
    reach(slot.address, slot.before.size());
  }
  for (const fuzz::Store& store : report.layout.stores) call.stores.push_back({store.address, keep(store.bytes)});
  for (const fuzz::Extent& extent : report.layout.extents) {
    if (extent.write) reach(extent.address, extent.size);
  }
}

std::span<const std::byte> Recording::keep(std::span<const std::byte> bytes) {
  while (chunk_ < chunks_.size() && chunks_[chunk_].size() - used_ < bytes.size()) ++chunk_, used_ = 0;
  if (chunk_ == chunks_.size()) chunks_.emplace_back(std::max(chunk_size, bytes.size()));
  const auto kept = std::span(chunks_[chunk_]).subspan(used_, bytes.size());
  std::ranges::copy(bytes, kept.begin());
  used_ += bytes.size();
  return kept;
}

}  // namespace cupel::host
