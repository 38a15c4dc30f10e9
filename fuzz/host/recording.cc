#include "fuzz/host/recording.hh"

#include <algorithm>

namespace cupel::host {

namespace {

// What of [address, address + size) lies in a stretch of memory.
std::span<const std::byte> part(uint64_t base, std::span<const std::byte> bytes, uint64_t address) {
  if (address < base || address - base >= bytes.size()) return {};
  return bytes.subspan(address - base);
}

std::span<const std::byte> known_from(const RecordedCall& call, uint64_t address) {
  for (const fuzz::Store& store : call.stores) {
    if (const auto found = part(store.address, store.bytes, address); !found.empty()) return found;
  }
  for (const interface::Slot& slot : call.slots) {
    if (const auto found = part(slot.address, slot.before, address); !found.empty()) return found;
  }
  return {};
}

// Whether a text argument of the call lies there, with its end in what was laid out.
bool is_text(const RecordedCall& call, uint64_t address) {
  for (const interface::ArgDesc& arg : call.desc->args()) {
    if ((arg.kind != interface::Kind::path && arg.kind != interface::Kind::string) || call.registers[arg.reg] != address) continue;
    const auto known = known_from(call, address);
    return std::ranges::find(known, std::byte{}) != known.end();
  }
  return false;
}

}  // namespace

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
  call.extents.assign(report.layout.extents.begin(), report.layout.extents.end());
  call.reads_beyond = false;
  const uint64_t laid_out_end = report.layout.base + report.layout.bytes.size();
  for (const fuzz::Extent& extent : report.layout.extents) {
    if (extent.write) reach(extent.address, extent.size);
    if (!extent.read || extent.address < fuzz::slots_base || extent.address >= fuzz::unmapped_base) continue;
    const bool in_slots = extent.address < fuzz::read_only_base;
    const uint64_t given = in_slots ? laid_out_end - std::min(laid_out_end, extent.address) : known_from(call, extent.address).size();
    if (extent.size <= given) continue;
    call.reads_beyond |= !is_text(call, extent.address);
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

std::span<const std::byte> bytes_at(const RecordedCall& call, uint64_t address, size_t size) {
  const auto known = known_from(call, address);
  return size <= known.size() ? known.first(size) : std::span<const std::byte>{};
}

}  // namespace cupel::host
