// mmap, munmap, mprotect, brk.
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>

#include "props/model/pages.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

constexpr uint64_t memory_sure = 1 << 30;  // bytes; for more, there may be no memory
constexpr uint64_t lowest_address = 65536;  // vm.mmap_min_addr as all kernels have it

struct Mapping {
  uint64_t address;
  uint64_t size;  // bytes, whole pages
  uint64_t flags;
  Region region;
  bool is_fixed() const { return (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0; }
};

// Whether some gap of the window mappings are placed in has `size` bytes.
bool has_gap(const Call& call, uint64_t size) {
  uint64_t free_from = call.world.bounds.config.address_low;
  const uint64_t high = call.world.bounds.config.address_high;
  for (const Region& region : call.space().regions) {
    if (region.begin >= high) break;
    if (region.begin > free_from && region.begin - free_from >= size) return true;
    free_from = std::max(free_from, region.end);
  }
  return free_from < high && high - free_from >= size;
}

// What the flags and the descriptor say of the mapping.
Result<> map_file(const Call& call, Allowed& allowed, FileId id, Mapping& mapping, uint64_t offset) {
  const OpenFile& file = call.at(id);
  const uint64_t type = mapping.flags & MAP_TYPE;
  const bool is_regular = call.at(file.inode).type == FileType::regular;
  // MAP_SHARED_VALIDATE: flags are refused that MAP_SHARED overlooks.
  constexpr uint64_t huge_sizes = (21u << MAP_HUGE_SHIFT) | (30u << MAP_HUGE_SHIFT);
  constexpr uint64_t validated = MAP_SHARED_VALIDATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE |
                                 MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_32BIT | 0x400'0000 | 0x80 | huge_sizes;
  if (offset > (is_regular ? static_cast<uint64_t>(INT64_MAX) : UINT64_MAX) - mapping.size) return fail(Errno::overflow);
  if (type == MAP_SHARED_VALIDATE && (mapping.flags & ~validated) != 0) return fail(Errno::opnotsupp);
  if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) {
    if ((mapping.region.protection & prot_write) != 0 && !file.writable()) return fail(Errno::acces);
    mapping.region.shared = true;
    mapping.region.may_write = file.writable();
  } else if (type != MAP_PRIVATE) {
    return fail(Errno::inval);
  }
  if (!file.readable()) return fail(Errno::acces);
  if (!is_regular) {
    if ((mapping.region.protection & prot_exec) != 0) allowed.may_fail(Errno::perm);  // not from where pipes live
    return fail(Errno::nodev);
  }
  mapping.region.file = file.inode;
  mapping.region.file_offset = offset;
  return {};
}

Result<> map_anonymous(const Call& call, Mapping& mapping) {
  const uint64_t type = mapping.flags & MAP_TYPE;
  if (type != MAP_SHARED && type != MAP_PRIVATE) return fail(Errno::inval);
  mapping.region.shared = type == MAP_SHARED;
  mapping.region.object = call.world.objects_count;
  return {};
}

// The address a mapping without a fixed one got: any free pages will do.
Result<> check_placement(const Call& call, Allowed& allowed, const Mapping& mapping) {
  const auto placed = static_cast<uint64_t>(call.result());
  if (!is_aligned(placed) || placed == 0 || !fits(placed, mapping.size) || !call.space().is_free(placed, placed + mapping.size)) {
    if (!has_gap(call, mapping.size)) return {};
    // Nothing fits the outcome: this says what would have.
    allowed.returns(static_cast<int64_t>(call.world.bounds.config.address_low),
                    static_cast<int64_t>(call.world.bounds.config.address_high - mapping.size));
    allowed.inspect([](const World&, const Actual&) { return std::string("free pages"); });
    return {};
  }
  return allowed.returns(call.result());
}

Result<> check_fixed(const Call& call, const Mapping& mapping) {
  if (!fits(mapping.address, mapping.size)) return fail(Errno::nomem);
  if (!is_aligned(mapping.address)) return fail(Errno::inval);
  if (mapping.address < lowest_address) return fail(Errno::perm);
  const bool is_free = call.space().is_free(mapping.address, mapping.address + mapping.size);
  if ((mapping.flags & MAP_FIXED_NOREPLACE) != 0 && !is_free) return fail(Errno::exist);
  return {};
}

// More regions than a space may have: whether neighbours count as one is for the implementation to choose.
void bound_regions(const Call& call, Allowed& allowed) {
  if (call.space().regions.size() + 2 > call.world.bounds.config.mappings_max) allowed.may_fail(Errno::nomem);
}

}  // namespace

namespace rules {

Result<> mmap(const Call& call, Allowed& allowed) {
  Mapping mapping{call.address(0), pages_of(call.arg<uint64_t>(1)), call.arg<uint64_t>(3), {}};
  const uint64_t offset = call.arg<uint64_t>(5);
  mapping.region.protection = call.arg<uint8_t>(2) & (prot_read | prot_write | prot_exec);
  if (!is_aligned(offset)) return fail(Errno::inval);
  const bool anonymous = (mapping.flags & MAP_ANONYMOUS) != 0;
  const FileId file = anonymous ? FileId::none : TRY(call.file(4));
  if ((mapping.flags & (MAP_HUGETLB | MAP_GROWSDOWN | MAP_SYNC)) != 0) return allowed.lose();  // not every machine's
  if (call.arg<uint64_t>(1) == 0) return fail(Errno::inval);
  if (mapping.size == 0) return fail(Errno::nomem);
  if ((offset >> page_shift) + (mapping.size >> page_shift) < (offset >> page_shift)) return fail(Errno::overflow);
  if (mapping.size > user_limit) return fail(Errno::nomem);
  if (mapping.is_fixed()) {
    TRY(check_fixed(call, mapping));
  } else if (!has_gap(call, mapping.size)) {
    allowed.may_fail(Errno::nomem);
  }
  mapping.region.locked = call.space().locks_future || (mapping.flags & MAP_LOCKED) != 0;
  if ((mapping.flags & MAP_LOCKED) != 0 && call.soft_limit(RLIMIT_MEMLOCK) == 0) return fail(Errno::perm);
  if (mapping.region.locked) TRY(room_for_locked(call, mapping.size));
  TRY(anonymous ? map_anonymous(call, mapping) : map_file(call, allowed, file, mapping, offset));
  const uint64_t begin = mapping.is_fixed() ? mapping.address : static_cast<uint64_t>(call.result());
  TRY(call.room_for_pages(call.result() < 0 && !mapping.is_fixed() ? 0 : begin, mapping.size, !mapping.region.shared && (mapping.region.protection & prot_write) != 0));
  bound_regions(call, allowed);
  if (mapping.size > memory_sure) allowed.may_fail(Errno::nomem);
  if (mapping.is_fixed()) {
    allowed.returns(static_cast<int64_t>(mapping.address));
  } else {
    TRY(check_placement(call, allowed, mapping));
    if (allowed.alternatives().empty()) return {};
  }
  allowed.then([region = mapping.region, size = mapping.size, space = call.task.space](World& world, const Actual& actual) {
    Region placed = region;
    placed.begin = static_cast<uint64_t>(actual.value);
    placed.end = placed.begin + size;
    ++world.objects_count;
    if (placed.file != InodeId::none) world.inodes[placed.file].touch(access_time, world.moment);
    // The arguments of later calls are laid out over such a file.
    const bool over_slots = placed.begin < world.bounds.unmapped_base && placed.end > world.bounds.writable_base;
    if (placed.file != InodeId::none && placed.shared && over_slots) world.inodes[placed.file].bytes_unsure = true;
    world.spaces[space].add(placed);
    come_to_stay(world, space, placed.begin, placed.end);
  });
  return {};
}

Result<> munmap(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(0);
  const uint64_t size = call.arg<uint64_t>(1);
  if (!is_aligned(address) || !fits(address, size) || pages_of(size) == 0) return fail(Errno::inval);
  bound_regions(call, allowed);
  allowed.returns(0);
  allowed.then([=, space = call.task.space](World& world, const Actual&) { world.spaces[space].remove(address, address + pages_of(size)); });
  return {};
}

Result<> mprotect(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(0);
  const uint64_t size = pages_of(call.arg<uint64_t>(1));
  const auto protection = call.arg<uint64_t>(2);
  const uint64_t grows = protection & (PROT_GROWSDOWN | PROT_GROWSUP);
  if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || !is_aligned(address)) return fail(Errno::inval);
  if (call.arg<uint64_t>(1) == 0) return allowed.returns(0);
  if (address + size <= address) return fail(Errno::nomem);
  if (((protection ^ grows) & ~uint64_t{PROT_READ | PROT_WRITE | PROT_EXEC | 8}) != 0) return fail(Errno::inval);
  const uint64_t end = address + size;
  // No mapping of ours grows.
  if (grows == PROT_GROWSDOWN && !call.space().is_free(address, end)) return fail(Errno::inval);
  if (grows == PROT_GROWSUP && call.space().at(address) != nullptr) return fail(Errno::inval);

  // Linux goes from mapping to mapping, and what it has done when it comes to one that cannot be changed stays done.
  uint64_t done = address;
  Errno trouble{};
  for (auto region = call.space().after(address); done < end; ++region) {
    if (region == call.space().regions.end() || region->begin > done) trouble = Errno::nomem;
    else if ((protection & PROT_WRITE) != 0 && !region->may_write) trouble = Errno::acces;
    if (trouble != Errno{}) break;
    done = std::min(end, region->end);
  }
  bound_regions(call, allowed);
  if (trouble == Errno{}) allowed.returns(0);
  else allowed.fails_with_effect(trouble);
  allowed.then([=, space = call.task.space](World& world, const Actual&) {
    AddressSpace& changed = world.spaces[space];
    changed.split(address);
    changed.split(done);
    for (Region& region : changed.regions) {
      if (region.begin >= address && region.end <= done) region.protection = protection & (prot_read | prot_write | prot_exec);
    }
    come_to_stay(world, space, address, done);
  });
  return {};
}

Result<> brk(const Call& call, Allowed& allowed) {
  const uint64_t wanted = call.address(0);
  const AddressSpace& space = call.space();
  if (!space.break_base.known) {
    allowed.returns(0, INT64_MAX);
    allowed.then([id = call.task.space](World& world, const Actual& actual) {
      world.spaces[id].break_end = static_cast<uint64_t>(actual.value);
      world.spaces[id].break_base.learn(world.spaces[id].break_end);
    });
    return {};
  }
  const uint64_t base = space.break_base.value;
  const uint64_t now = space.break_end;
  const uint64_t old_end = pages_of(now);
  const uint64_t new_end = pages_of(wanted);
  const bool refused = wanted < base || wanted - base > call.world.bounds.config.break_size_max ||
                       (new_end > old_end && !space.is_free(old_end, new_end + page_size)) ||  // one page stays free
                       (new_end < old_end && space.is_free(new_end, old_end)) ||               // nothing to take away
                       wanted - base > call.soft_limit(RLIMIT_DATA) ||
                       (new_end > old_end && !call.room_for_pages(old_end, new_end - old_end, true)) ||
                       (new_end > old_end && space.locks_future && !room_for_locked(call, new_end - old_end));
  if (refused) return allowed.returns(static_cast<int64_t>(now));
  // The one call that does not say ENOMEM.
  allowed.returns(static_cast<int64_t>(now));
  allowed.only_with(Fault::allocation);
  if (new_end > old_end && space.regions.size() + 1 > call.world.bounds.config.mappings_max) allowed.returns(static_cast<int64_t>(now));
  allowed.returns(static_cast<int64_t>(wanted));
  allowed.then([=, id = call.task.space](World& world, const Actual&) {
    AddressSpace& grown = world.spaces[id];
    grown.break_end = wanted;
    if (new_end < old_end) grown.remove(new_end, old_end);
    if (new_end > old_end) grown.add({.begin = old_end, .end = new_end, .protection = prot_read | prot_write, .locked = grown.locks_future});
  });
  return {};
}

}  // namespace rules
}  // namespace cupel::props
