#include "libos/fd/fd_table.hh"

#include <algorithm>
#include <new>

namespace cupel::libos {

Result<Ref<FdTable>> FdTable::create(Arena& arena, uint32_t descriptors_max) { return make_counted<FdTable>(arena, descriptors_max); }

FdTable::~FdTable() {
  for (uint32_t index = 0; index < slot_count_; ++index) {
    if (slots_[index].file) drop(slots_[index]);
    slots_[index].~Slot();
  }
  if (slots_ != nullptr) arena().free(slots_, slot_count_ * sizeof(Slot));
}

Result<Ref<FdTable>> FdTable::clone() const {
  Ref<FdTable> copy = TRY(create(arena(), descriptors_max_));
  TRY(copy->grow(slot_count_));
  for (uint32_t index = 0; index < slot_count_; ++index) {
    if (slots_[index].file) copy->put(static_cast<int32_t>(index), slots_[index].file, slots_[index].close_on_exec);
  }
  return copy;
}

Result<size_t> FdTable::slot_of(RawFd raw) const {
  const auto number = static_cast<int32_t>(raw);
  if (number < 0 || static_cast<uint32_t>(number) >= slot_count_) return fail(Errno::badf);
  const auto index = static_cast<size_t>(number);
  if (!slots_[index].file) return fail(Errno::badf);
  return index;
}

Result<Ref<OpenFile>> FdTable::get(RawFd raw) const { return slots_[TRY(slot_of(raw))].file; }

Result<Ref<OpenFile>> FdTable::get_io(RawFd raw) const {
  Ref<OpenFile> file = TRY(get(raw));
  if (file->has(OpenFlag::path)) return fail(Errno::badf);
  return file;
}

Result<> FdTable::grow(uint32_t slot_count) {
  if (slot_count <= slot_count_) return {};
  const uint32_t wanted = std::min(descriptors_max_, std::max({slot_count, 2 * slot_count_, 16u}));
  auto* fresh = static_cast<Slot*>(TRY(arena().allocate(wanted * sizeof(Slot))));
  for (uint32_t index = 0; index < wanted; ++index) {
    new (&fresh[index]) Slot;
    if (index >= slot_count_) continue;
    fresh[index] = std::move(slots_[index]);
    slots_[index].~Slot();
  }
  if (slots_ != nullptr) arena().free(slots_, slot_count_ * sizeof(Slot));
  slots_ = fresh;
  slot_count_ = wanted;
  return {};
}

Result<int32_t> FdTable::reserve(uint32_t from) {
  uint32_t index = std::max(from, lowest_free_);
  while (index < slot_count_ && slots_[index].file) ++index;
  if (index >= limit_) return fail(Errno::mfile);
  TRY(grow(index + 1));
  if (from <= lowest_free_) lowest_free_ = index;
  return static_cast<int32_t>(index);
}

Result<FdTable::Pair> FdTable::reserve_two() {
  const int32_t first = TRY(reserve());
  return Pair{first, TRY(reserve(static_cast<uint32_t>(first) + 1))};
}

Result<> FdTable::make_room(uint32_t number) {
  if (number >= limit_) return fail(Errno::badf);
  return grow(number + 1);
}

void FdTable::put(int32_t number, Ref<OpenFile> file, CloseOnExec close_on_exec) {
  CHECK(number >= 0);
  CHECK(static_cast<uint32_t>(number) < slot_count_);
  Slot& slot = slots_[number];
  ++file->descriptor_count;
  ++open_count_;
  Slot fresh{std::move(file), close_on_exec};
  std::swap(slot, fresh);
  if (fresh.file) drop(fresh);  // after the new one is in place: no moment without either
}

void FdTable::drop(Slot& slot) {
  CHECK(open_count_ > 0);
  CHECK(slot.file->descriptor_count > 0);
  --open_count_;
  if (--slot.file->descriptor_count == 0) slot.file->on_last_close();
  slot.file.reset();
}

Result<> FdTable::close(RawFd raw) {
  const size_t index = TRY(slot_of(raw));
  drop(slots_[index]);
  lowest_free_ = std::min(lowest_free_, static_cast<uint32_t>(index));
  return {};
}

Result<CloseOnExec> FdTable::close_on_exec(RawFd raw) const { return slots_[TRY(slot_of(raw))].close_on_exec; }

Result<> FdTable::set_close_on_exec(RawFd raw, CloseOnExec value) {
  slots_[TRY(slot_of(raw))].close_on_exec = value;
  return {};
}

void FdTable::close_marked() {
  for (uint32_t index = 0; index < slot_count_; ++index) {
    if (!slots_[index].file || slots_[index].close_on_exec == CloseOnExec::no) continue;
    drop(slots_[index]);
    lowest_free_ = std::min(lowest_free_, index);
  }
}

void FdTable::check() const {
  uint32_t open = 0;
  CHECK(slot_count_ <= descriptors_max_);
  for (uint32_t index = 0; index < slot_count_; ++index) {
    if (!slots_[index].file) {
      CHECK(index >= lowest_free_);
      continue;
    }
    ++open;
    CHECK(slots_[index].file->descriptor_count > 0);
    CHECK(slots_[index].file->descriptor_count <= slots_[index].file->owner_count());
    slots_[index].file->check();
  }
  CHECK(open == open_count_);
}

}  // namespace cupel::libos
