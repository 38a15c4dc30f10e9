// mincore, msync, madvise: what mapped pages are doing.
#include <sys/mman.h>

#include <algorithm>

#include "props/model/pages.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

// What lies before the first page that is locked is dropped when it is found.
Result<> dont_need_locked(const Call& call, Allowed& allowed, uint64_t begin, uint64_t end) {
  uint64_t first = begin;
  for (auto region = call.space().after(begin); region != call.space().regions.end() && region->begin < end; ++region) {
    first = std::max(begin, region->begin);
    if (region->locked) break;
  }
  allowed.fails_with_effect(Errno::inval);
  allowed.then([=, space = call.task.space](World& world, const Actual&) { world.spaces[space].pages.drop(begin >> page_shift, first >> page_shift); });
  return {};
}

}  // namespace

namespace rules {

Result<> mincore(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(0);
  const uint64_t size = call.arg<uint64_t>(1);
  const uint64_t vector = call.address(2);
  if (!is_aligned(address)) return fail(Errno::inval);
  if (!fits(address, size)) return fail(Errno::nomem);
  const uint64_t count = pages_of(size) / page_size;
  if (!fits(vector, count)) return fail(Errno::fault);
  if (count == 0) return allowed.returns(0);
  const bool is_mapped = call.space().is_mapped(address, address + count * page_size);
  const size_t room = call.writable(vector, count);
  // Whether pages are in memory cannot be foretold; of each byte only the lowest bit speaks. What comes before a hole
  // in the mappings may have been told by then.
  if (room < count) allowed.may_fail(Errno::fault);
  if (!is_mapped) {
    allowed.fails_with_effect(Errno::nomem);
    if (room > 0) allowed.writes_anything(vector, room);
    return {};
  }
  if (room < count) return call.can_store(allowed, vector, count);
  allowed.returns(0);
  allowed.writes_anything(vector, count);
  allowed.inspect([=](const World&, const Actual& actual) {
    const bool clean = std::ranges::all_of(actual.bytes(vector, count), [](std::byte told) { return (told & std::byte{0xfe}) == std::byte{0}; });
    return std::string(clean ? "" : "bits that mean nothing");
  });
  return {};
}

Result<> msync(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(0);
  const uint64_t size = pages_of(call.arg<uint64_t>(1));
  const auto flags = call.arg<uint32_t>(2);
  if ((flags & ~static_cast<uint32_t>(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0 || !is_aligned(address)) return fail(Errno::inval);
  if ((flags & MS_ASYNC) != 0 && (flags & MS_SYNC) != 0) return fail(Errno::inval);
  if (address + size < address) return fail(Errno::nomem);
  if ((flags & MS_INVALIDATE) != 0 && call.space().locked_in(address, address + size) > 0) return fail(Errno::busy);
  if (!call.space().is_mapped(address, address + size)) return fail(Errno::nomem);
  return allowed.returns(0);
}

Result<> madvise(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(0);
  const uint64_t size = pages_of(call.arg<uint64_t>(1));
  const auto advice = call.arg<int32_t>(2);
  if (advice < 0 || advice > MADV_DONTNEED) {
    // What else there is to advise is for a machine to say; some of it changes what a program finds.
    return allowed.lose();
  }
  if (!is_aligned(address) || (size == 0 && call.arg<uint64_t>(1) != 0) || address + size < address) return fail(Errno::inval);
  if (advice == MADV_DONTNEED && call.space().locked_in(address, address + size) > 0) return dont_need_locked(call, allowed, address, address + size);
  const bool is_mapped = call.space().is_mapped(address, address + size);
  if (is_mapped || size == 0) allowed.returns(0);
  else allowed.fails_with_effect(Errno::nomem);  // what is mapped around the hole has had its advice
  if (advice == MADV_DONTNEED) {
    allowed.then([=, space = call.task.space](World& world, const Actual&) {
      world.spaces[space].pages.drop(address >> page_shift, (address + size) >> page_shift);
    });
  }
  return {};
}

}  // namespace rules
}  // namespace cupel::props
