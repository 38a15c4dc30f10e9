// mlock, mlock2, munlock, mlockall, munlockall.
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>

#include "props/model/pages.hh"
#include "props/model/rules.hh"

namespace cupel::props {

Result<> room_for_locked(const Call& call, uint64_t size) {
  const uint64_t locked = call.space().locked_in(0, user_limit);
  return (locked + size) >> page_shift > call.soft_limit(RLIMIT_MEMLOCK) >> page_shift ? fail(Errno::again) : Result<>{};
}

void come_to_stay(World& world, SpaceId space, uint64_t begin, uint64_t end) {
  for (const Region& region : world.spaces[space].regions) {
    if (!region.locked || region.shared || region.file == InodeId::none || (region.protection & prot_write) == 0) continue;
    const auto file_size = pages_of(static_cast<uint64_t>(world.inodes[region.file].size));
    const uint64_t there = file_size > region.file_offset ? std::min(region.end - region.begin, file_size - region.file_offset) : 0;
    for (uint64_t page = std::max(begin, region.begin); page < std::min(end, region.begin + there); page += page_size) {
      FileBytes& pages = world.spaces[space].pages;
      if (!pages.has(page >> page_shift)) pages.doubt(page >> page_shift);
    }
  }
}

namespace {

// Of which some may be no address at all.
struct Range {
  uint64_t begin, size;
  uint64_t end() const { return begin + size; }
};
Range range_of(const Call& call) {
  const uint64_t address = call.address(0), within = address % page_size;
  return {address - within, pages_of(call.arg<uint64_t>(1) + within)};
}

// How far the range is mapped from its beginning on.
uint64_t mapped_end(const Call& call, Range range) {
  uint64_t end = range.begin;
  for (auto region = call.space().after(end); region != call.space().regions.end() && region->begin <= end && end < range.end(); ++region) end = std::min(range.end(), region->end);
  return end;
}

void becomes(Allowed& allowed, const Call& call, Range range, bool locked) {
  allowed.then([range, locked, space = call.task.space](World& world, const Actual&) {
    AddressSpace& changed = world.spaces[space];
    changed.split(range.begin);
    changed.split(range.end());
    for (Region& region : changed.regions) {
      if (region.begin >= range.begin && region.end <= range.end()) region.locked = locked;
    }
    if (locked) come_to_stay(world, space, range.begin, range.end());
  });
}

// Whether each of its pages can be read.
bool can_come(const Call& call, Range range) {
  for (auto region = call.space().after(range.begin); region != call.space().regions.end() && region->begin < range.end(); ++region) {
    if (region->protection == 0) return false;
    if (region->file == InodeId::none) continue;
    const uint64_t last = std::min(range.end(), region->end);
    if (region->file_offset + (last - region->begin) > pages_of(static_cast<uint64_t>(call.at(region->file).size))) return false;
  }
  return true;
}

void bound_regions(const Call& call, Allowed& allowed) {
  if (call.space().regions.size() + 2 > call.world.bounds.config.mappings_max) allowed.may_fail(Errno::nomem);
}

Result<> lock(const Call& call, Allowed& allowed, bool at_once) {
  const uint64_t limit = call.soft_limit(RLIMIT_MEMLOCK);
  if (limit == 0) return fail(Errno::perm);
  const Range range = range_of(call);
  const AddressSpace& space = call.space();
  if (range.size == 0) return space.locked_in(0, user_limit) >> page_shift <= limit >> page_shift ? allowed.returns(0) : fail(Errno::nomem);
  if (range.size > limit) return fail(Errno::nomem);
  const uint64_t all = space.locked_in(0, user_limit) + range.size - space.locked_in(range.begin, range.end());
  if (all >> page_shift > limit >> page_shift) return fail(Errno::nomem);
  if (range.end() < range.begin) return fail(Errno::inval);
  bound_regions(call, allowed);
  const uint64_t end = mapped_end(call, range);
  const Range mapped{range.begin, end - range.begin};
  const bool fails = mapped.size < range.size || (at_once && !can_come(call, range));
  if (fails) allowed.fails_with_effect(Errno::nomem);
  else allowed.returns(0);
  becomes(allowed, call, mapped, true);
  if (!at_once || mapped.size < range.size) return {};
  allowed.fails_with_effect(Errno::again);  // no memory for the pages, which are to stay when they come
  allowed.only_with(Fault::allocation);
  becomes(allowed, call, mapped, true);
  return {};
}

}  // namespace

namespace rules {

Result<> mlock(const Call& call, Allowed& allowed) { return lock(call, allowed, true); }
Result<> mlock2(const Call& call, Allowed& allowed) {
  const auto flags = call.arg<uint32_t>(2);
  if ((flags & ~static_cast<uint32_t>(MLOCK_ONFAULT)) != 0) return fail(Errno::inval);
  return lock(call, allowed, (flags & MLOCK_ONFAULT) == 0);
}

Result<> munlock(const Call& call, Allowed& allowed) {
  const Range range = range_of(call);
  if (range.size == 0) return allowed.returns(0);
  if (range.end() < range.begin) return fail(Errno::inval);
  bound_regions(call, allowed);
  const uint64_t end = mapped_end(call, range);
  if (end == range.end()) allowed.returns(0);
  else allowed.fails_with_effect(Errno::nomem);
  becomes(allowed, call, {range.begin, end - range.begin}, false);
  return {};
}

Result<> mlockall(const Call& call, Allowed& allowed) {
  const auto flags = call.arg<uint32_t>(0);
  const bool current = (flags & MCL_CURRENT) != 0, future = (flags & MCL_FUTURE) != 0;
  if ((flags & ~static_cast<uint32_t>(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0 || (!current && !future)) return fail(Errno::inval);
  const uint64_t limit = call.soft_limit(RLIMIT_MEMLOCK);
  if (limit == 0) return fail(Errno::perm);
  uint64_t all = 0;
  for (const Region& region : call.space().regions) all += region.end - region.begin;
  // A process has memory besides what its program knows of.
  if (current && call.world.bounds.failures_show) allowed.may_fail(Errno::nomem);
  if (current && all >> page_shift > limit >> page_shift) return fail(Errno::nomem);
  allowed.returns(0);
  allowed.then([=, space = call.task.space](World& world, const Actual&) {
    AddressSpace& changed = world.spaces[space];
    changed.locks_future = future;
    for (Region& region : changed.regions) region.locked |= current;
    if (current) come_to_stay(world, space, 0, user_limit);
  });
  return {};
}

Result<> munlockall(const Call& call, Allowed& allowed) {
  allowed.returns(0);
  allowed.then([space = call.task.space](World& world, const Actual&) {
    AddressSpace& changed = world.spaces[space];
    changed.locks_future = false;
    for (Region& region : changed.regions) region.locked = false;
  });
  return {};
}

}  // namespace rules
}  // namespace cupel::props
