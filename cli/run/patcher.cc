#include "cli/run/patcher.hh"

#include <algorithm>

#include "libos/mm/address_space.hh"
#include "platforms/linux/layout.hh"

namespace cupel::run {

using libos::AddressSpace;
using platform::Access;

namespace {

constexpr uint64_t reach = uint64_t{1900} << 20;  // of a jump, with some room
constexpr size_t per_page = page_size / on_linux::trampoline_size;

}  // namespace

// A page of trampolines in reach. Above the site: where a program's own mappings are placed from the top down, few ever come.
Result<Patcher::Page*> Patcher::page_near(AddressSpace& space, uint64_t site) {
  if (!has_space_ || space_ != space.id()) pages_ = {}, space_ = space.id(), has_space_ = true;
  for (Page& page : pages_) {
    const bool is_near = page.address > site && page.address - site < reach;
    if (is_near && page.used < per_page && space.mapped(page.address >> page_shift, 1)) return &page;
  }
  const auto free = std::ranges::find_if(pages_, [](const Page& page) { return page.address == 0 || page.used == per_page; });
  if (free == pages_.end()) return fail(Errno::nomem);
  constexpr uint64_t step = uint64_t{64} << 20;
  for (uint64_t away = step; away < reach && site + away < on_linux::guest_end; away += step) {
    const uint64_t number = (site + away) >> page_shift;
    if (space.overlaps(number, 1)) continue;
    TRY(space.map({.start = number, .pages = 1, .access = Access::read | Access::execute}));
    *free = {number << page_shift, 0};
    return &*free;
  }
  return fail(Errno::nomem);
}

Result<> Patcher::patch(libos::Task& task, uint64_t behind_site, uint64_t number) {
  AddressSpace& space = task.space();
  if (!space.is_constant_text(behind_site - 1)) return fail(Errno::acces);
  std::array<std::byte, on_linux::code_before_max> code;
  // Not beyond the page: what is before it may be anything.
  const size_t in_page = (behind_site - 1) % page_size + 1, size = std::min(in_page, code.size());
  const auto before = std::span(code).first(size);
  TRY(space.read(behind_site - size, before));
  const auto movable = on_linux::movable_before(before);
  if (!movable || (movable->loads_number && movable->number != number)) return fail(Errno::noexec);
  const uint64_t start = behind_site - on_linux::syscall_size - movable->size;
  Page* page = TRY(page_near(space, start));
  const uint64_t at = page->address + page->used * on_linux::trampoline_size;
  const auto jump = on_linux::jump_from(start, at, movable->size);
  if (!jump) return fail(Errno::noexec);
  const auto moved = before.subspan(size - on_linux::syscall_size - movable->size, movable->size);
  TRY(space.patch(at, on_linux::trampoline(at, behind_site, moved)));
  ++page->used;
  return space.patch(start, std::span(*jump).first(movable->size));
}

}  // namespace cupel::run
