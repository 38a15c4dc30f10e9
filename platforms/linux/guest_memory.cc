// LinuxPlatform's guest memory: spaces, what is installed in them, and copies. Copies go through the frames, never through
// the guest's addresses, so that nothing inside libos can fault.
#include <algorithm>
#include <cstring>

#include "libos/base/check.hh"
#include "platforms/linux/linux_platform.hh"

namespace cupel::on_linux {

using platform::Access;
using platform::Space;

Result<Space> LinuxPlatform::new_space(platform::FaultHandler& handler) {
  for (uint32_t number = 0; number < spaces_max; ++number) {
    SpaceState& space = *shared().space_at(number);
    if (space.handler != nullptr) continue;
    space.handler = &handler;
    space.host_pid = 0;
    return Space(number);
  }
  return fail(Errno::nomem);
}

// What a process still has mapped of it stays until it is replaced there or the process ends: no guest code of it runs any more.
void LinuxPlatform::drop_space(Space space) {
  SpaceState& dropped = state(space);
  dropped.handler = nullptr;
  dropped.pages.clear();
  if (is_here(space)) space_here_ = nowhere;
}

SpaceState& LinuxPlatform::state(Space space) {
  const auto index = static_cast<uint32_t>(space);
  CHECK(index < spaces_max);
  SpaceState& found = *shared().space_at(index);
  CHECK(found.handler != nullptr);
  return found;
}

Result<> LinuxPlatform::map(Space space, uint64_t page_address, std::byte* frame, Access access) {
  CHECK(page_address % page_size == 0);
  if (page_address >= guest_end) return fail(Errno::nomem);
  const uint64_t page = page_address / page_size;
  SpaceState& into = state(space);
  const PageTable::Entry before = into.pages.find(page);
  if (!into.pages.set(page, {frame, access, before.in_host})) return fail(Errno::nomem);
  if (before.in_host) {
    // Another frame, or other access: what is mapped must change before anybody sees it.
    if (is_here(space) && map_in_host({page, 1, frame, access})) return {};
    unmap(space, page_address, 1);
    CHECK(into.pages.set(page, {frame, access, false}));  // its node is there
  }
  return {};
}

void LinuxPlatform::unmap(Space space, uint64_t page_address, uint64_t page_count) {
  CHECK(page_address % page_size == 0);
  uint64_t first = UINT64_MAX, last = 0;
  SpaceState& from = state(space);
  from.pages.each(page_address / page_size, page_count, [&](uint64_t page, PageTable::Entry& entry) {
    if (entry.in_host) first = std::min(first, page), last = page;
    entry = {};
  });
  if (first > last) return;
  if (is_here(space)) unmap_in_host(first, last - first + 1);
  else unmap_elsewhere(from, first * page_size, (last - first + 1) * page_size);
}

void LinuxPlatform::protect(Space space, uint64_t page_address, uint64_t page_count, Access access) {
  CHECK(page_address % page_size == 0);
  uint64_t first = UINT64_MAX, last = 0;
  SpaceState& in = state(space);
  // They fault again where they are touched, and are mapped with the new access then.
  in.pages.each(page_address / page_size, page_count, [&](uint64_t page, PageTable::Entry& entry) {
    if (entry.in_host) first = std::min(first, page), last = page;
    entry.access = access, entry.in_host = false;
  });
  if (first > last) return;
  if (is_here(space)) unmap_in_host(first, last - first + 1);
  else unmap_elsewhere(in, first * page_size, (last - first + 1) * page_size);
}

// The frame behind `address`, asking the fault handler once; nullptr where it refuses.
std::byte* LinuxPlatform::frame_for(Space space, uint64_t address, Access want) {
  if (address >= guest_end) return nullptr;
  SpaceState& memory = state(space);
  const uint64_t page = address / page_size;
  PageTable::Entry entry = memory.pages.find(page);
  if (entry.frame == nullptr || !allows(entry.access, want)) {
    if (!memory.handler->page_fault(space, page * page_size, want)) return nullptr;
    entry = memory.pages.find(page);
    CHECK(entry.frame != nullptr);
    CHECK(allows(entry.access, want));
  }
  return entry.frame;
}

template <class Move>
size_t LinuxPlatform::each_page(Space space, uint64_t address, size_t size, Access want, Move move) {
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

size_t LinuxPlatform::copy_in(Space space, uint64_t address, std::span<std::byte> out) {
  return each_page(space, address, out.size(), Access::read,
                   [&](const std::byte* at, size_t done, size_t size) { std::memcpy(out.data() + done, at, size); });
}

size_t LinuxPlatform::copy_out(Space space, uint64_t address, std::span<const std::byte> bytes) {
  return each_page(space, address, bytes.size(), Access::write,
                   [&](std::byte* at, size_t done, size_t size) { std::memcpy(at, bytes.data() + done, size); });
}

Result<uint32_t> LinuxPlatform::compare_exchange(Space space, uint64_t address, uint32_t expected, uint32_t desired) {
  if (address % sizeof(uint32_t) != 0) return fail(Errno::inval);
  std::byte* frame = frame_for(space, address, Access::read | Access::write);
  if (frame == nullptr) return fail(Errno::fault);
  // SAFETY: an aligned word of a guest's page, which lives as long as the machine lock is held.
  std::atomic_ref<uint32_t> word(*reinterpret_cast<uint32_t*>(frame + address % page_size));
  word.compare_exchange_strong(expected, desired);
  return expected;
}

Result<> LinuxPlatform::touch(Space space, uint64_t address, Access wanted) {
  if (address >= guest_end) return fail(Errno::fault);
  const uint64_t page = address / page_size;
  SpaceState& memory = state(space);
  CHECK(is_here(space));
  PageTable::Entry entry = memory.pages.find(page);
  if (entry.frame == nullptr || !allows(entry.access, wanted)) {
    TRY(memory.handler->page_fault(space, page * page_size, wanted));
    entry = memory.pages.find(page);
    CHECK(entry.frame != nullptr);
  }
  // What is installed around it and not mapped yet comes with it: after a fork that is everything.
  constexpr uint64_t around = 64;
  std::array<Run, around> runs;
  size_t run_count = 0;
  memory.pages.each(page / around * around, around, [&](uint64_t at, PageTable::Entry& found) {
    if (found.in_host && at != page) return;
    Run* last = run_count == 0 ? nullptr : &runs[run_count - 1];
    if (last == nullptr || last->page + last->count != at || last->frame + last->count * page_size != found.frame || last->access != found.access) {
      last = &runs[run_count++];
      *last = {at, 0, found.frame, found.access};
    }
    ++last->count;
    found.in_host = true;
  });
  for (const Run& run : std::span(runs).first(run_count)) {
    if (map_in_host(run)) continue;
    // The host holds only so many mappings: start over with this page alone.
    unmap_all_in_host();
    memory.pages.each(0, guest_end / page_size, [](uint64_t, PageTable::Entry& found) { found.in_host = false; });
    if (!map_in_host({page, 1, entry.frame, entry.access})) return fail(Errno::nomem);
    CHECK(memory.pages.set(page, {entry.frame, entry.access, true}));
    return {};
  }
  return {};
}

}  // namespace cupel::on_linux
