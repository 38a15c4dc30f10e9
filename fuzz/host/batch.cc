#include "fuzz/host/batch.hh"

#include <cstring>
#include <limits>

#include "libos/base/check.hh"

namespace cupel::host {

template <class T>
T& Batch::at(size_t offset) const {
  CHECK(offset <= memory_.size() && sizeof(T) <= memory_.size() - offset);
  CHECK(offset % alignof(T) == 0);
  // SAFETY: in bounds and aligned, as just checked; the records are plain aggregates in memory this batch has laid out.
  return *reinterpret_cast<T*>(memory_.data() + offset);
}

void Batch::clear() {
  used_ = 0;
  programs_.clear(), calls_.clear(), slots_.clear();
}

bool Batch::begin() {
  if (sizeof(ProgramRecord) > memory_.size() - used_) return false;
  programs_.push_back({used_, calls_.size()});
  at<ProgramRecord>(used_) = {};
  used_ += sizeof(ProgramRecord);
  return true;
}

bool Batch::add(const CallRecord& call, std::span<const SlotInput> slots) {
  size_t size = sizeof(CallRecord);
  for (const SlotInput& slot : slots) size += sizeof(SlotRecord) + 2 * padded(slot.bytes.size());
  if (size > memory_.size() - used_ || slots.size() > std::numeric_limits<uint8_t>::max()) return false;
  calls_.push_back({used_, slots_.size()});
  CallRecord& record = at<CallRecord>(used_);
  record = call;
  record.state = State::not_made;
  record.slot_count = static_cast<uint8_t>(slots.size());
  used_ += sizeof(CallRecord);
  for (const SlotInput& slot : slots) {
    at<SlotRecord>(used_) = {slot.address, static_cast<uint32_t>(slot.bytes.size()), slot.content};
    used_ += sizeof(SlotRecord);
    slots_.push_back({used_, slot.bytes.size()});
    if (!slot.bytes.empty()) std::memcpy(&memory_[used_], slot.bytes.data(), slot.bytes.size());
    used_ += 2 * padded(slot.bytes.size());
  }
  ++at<ProgramRecord>(programs_.back().offset).call_count;
  return true;
}

void Batch::set_slots_used(uint32_t size) { at<ProgramRecord>(programs_.back().offset).slots_used = size; }

size_t Batch::call_count(size_t program) const {
  const size_t end = program + 1 < programs_.size() ? programs_[program + 1].first_call : calls_.size();
  return end - programs_[program].first_call;
}

Answer Batch::answer(size_t program, size_t call) const {
  const auto& record = at<CallRecord>(calls_[programs_[program].first_call + call].offset);
  return {record.state, record.result};
}

std::span<const std::byte> Batch::before(size_t program, size_t call, size_t slot) const {
  const SlotPlace& place = slots_[calls_[programs_[program].first_call + call].first_slot + slot];
  return memory_.subspan(place.offset, place.size);
}

std::span<const std::byte> Batch::after(size_t program, size_t call, size_t slot) const {
  const SlotPlace& place = slots_[calls_[programs_[program].first_call + call].first_slot + slot];
  return memory_.subspan(place.offset + padded(place.size), place.size);
}

std::span<std::byte> Batch::input(size_t slot) {
  const SlotPlace& place = slots_[calls_.back().first_slot + slot];
  return memory_.subspan(place.offset, place.size);
}

void Batch::mark(size_t program, size_t call, State state) {
  at<CallRecord>(calls_[programs_[program].first_call + call].offset).state = state;
}

}  // namespace cupel::host
