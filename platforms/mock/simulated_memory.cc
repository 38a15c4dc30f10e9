#include "platforms/mock/simulated_memory.hh"

#include <algorithm>
#include <cstring>

#include "libos/base/check.hh"
#include "libos/base/page.hh"

namespace cupel::mock {

using platform::Access;
using platform::Space;

Result<Space> SimulatedMemory::new_space(platform::FaultHandler& handler) {
  uint32_t number = 0;
  while (number < spaces_.size() && spaces_[number].handler != nullptr) ++number;
  if (number == spaces_max) return fail(Errno::nomem);
  if (number == spaces_.size()) spaces_.emplace_back();
  spaces_[number].handler = &handler;
  spaces_[number].changed = true;
  return Space(number);
}

void SimulatedMemory::drop_space(Space space) {
  SpaceState& dropped = state(space);
  dropped.handler = nullptr;
  dropped.pages.clear();
  dropped.changed = true;
}

SimulatedMemory::SpaceState& SimulatedMemory::state(Space space) {
  const auto index = static_cast<uint32_t>(space);
  CHECK(index < spaces_.size());
  CHECK(spaces_[index].handler != nullptr);
  return spaces_[index];
}

PageTable& SimulatedMemory::pages(Space space) {
  SpaceState& asked = state(space);
  asked.changed = true;
  return asked.pages;
}

void SimulatedMemory::watch_writes(std::span<std::byte> region) {
  watched_ = region;
  is_written_.assign(region.size() / page_size, false);
  written_.clear();
}

void SimulatedMemory::note_write(const std::byte* frame) {
  if (frame < watched_.data() || frame >= watched_.data() + watched_.size()) return;
  const auto page = static_cast<uint32_t>(static_cast<size_t>(frame - watched_.data()) / page_size);
  if (is_written_[page]) return;
  is_written_[page] = true;
  written_.push_back(page);
}

// The frame behind `address`, asking the fault handler once; nullptr where it refuses.
std::byte* SimulatedMemory::frame_for(Space space, uint64_t address, Access want) {
  if (address >= user_limit) return nullptr;
  SpaceState& memory = state(space);
  const PageTable::Entry* entry = memory.pages.find(address / page_size);
  if (entry == nullptr || !allows(entry->access, want)) {
    if (!memory.handler->page_fault(space, page_floor(address), want)) return nullptr;
    entry = memory.pages.find(address / page_size);
    CHECK(entry != nullptr);
    CHECK(allows(entry->access, want));
  }
  if (allows(want, Access::write)) note_write(entry->frame);
  return entry->frame;
}

template <class Move>
size_t SimulatedMemory::each_page(Space space, uint64_t address, size_t size, Access want, Move move) {
  size_t done = 0;
  while (done < size) {
    std::byte* frame = frame_for(space, address + done, want);
    if (frame == nullptr) break;
    const uint64_t offset = (address + done) % page_size;
    const size_t step = std::min<size_t>(size - done, page_size - offset);
    move(frame + offset, done, step);
    done += step;
  }
  return done;
}

size_t SimulatedMemory::read(Space space, uint64_t address, std::span<std::byte> out) {
  return each_page(space, address, out.size(), Access::read,
                   [&](const std::byte* at, size_t done, size_t size) { std::memcpy(out.data() + done, at, size); });
}

size_t SimulatedMemory::write(Space space, uint64_t address, std::span<const std::byte> bytes) {
  return each_page(space, address, bytes.size(), Access::write,
                   [&](std::byte* at, size_t done, size_t size) { std::memcpy(at, bytes.data() + done, size); });
}

Result<uint32_t> SimulatedMemory::compare_exchange(Space space, uint64_t address, uint32_t expected, uint32_t desired) {
  if (address % sizeof(uint32_t) != 0) return fail(Errno::inval);
  std::byte* frame = frame_for(space, address, Access::read | Access::write);
  if (frame == nullptr) return fail(Errno::fault);
  uint32_t old = 0;
  std::memcpy(&old, frame + address % page_size, sizeof(old));
  if (old == expected) std::memcpy(frame + address % page_size, &desired, sizeof(desired));
  return old;
}

bool SimulatedMemory::poke(Space space, uint64_t address, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const PageTable::Entry* entry = state(space).pages.find(address / page_size);
    if (entry == nullptr) return false;
    const size_t size = std::min<size_t>(bytes.size(), page_size - address % page_size);
    note_write(entry->frame);
    std::memcpy(entry->frame + address % page_size, bytes.data(), size);
    address += size;
    bytes = bytes.subspan(size);
  }
  return true;
}

bool SimulatedMemory::peek(Space space, uint64_t address, std::span<std::byte> out) {
  while (!out.empty()) {
    const PageTable::Entry* entry = state(space).pages.find(address / page_size);
    if (entry == nullptr) return false;
    const size_t size = std::min<size_t>(out.size(), page_size - address % page_size);
    std::memcpy(out.data(), entry->frame + address % page_size, size);
    address += size;
    out = out.subspan(size);
  }
  return true;
}

void SimulatedMemory::save() {
  for (SpaceState& space : spaces_) {
    space.pages.mark();
    space.saved = space.pages;
    space.saved_handler = space.handler;
    space.changed = false;
  }
}

void SimulatedMemory::restore() {
  for (SpaceState& space : spaces_) {
    if (!space.changed) continue;
    space.pages = space.saved;  // vector assignment keeps the room it has
    space.handler = space.saved_handler;
    space.changed = false;
  }
}

bool SimulatedMemory::saved_pages_stand() const {
  return std::ranges::all_of(spaces_, [](const SpaceState& space) { return space.pages.marks_intact(); });
}

}  // namespace cupel::mock
