#include "fuzz/linux/guest_view.hh"

#include <algorithm>

#include "libos/base/page.hh"
#include "libos/mm/address_space.hh"

namespace cupel::fuzz {

size_t GuestView::copy_in(uint64_t address, std::span<std::byte> out) const {
  for (const interface::Slot& slot : slots_) {
    const uint64_t offset = address - slot.address;
    if (offset <= slot.before.size() && out.size() <= slot.before.size() - offset) {
      std::ranges::copy(slot.before.subspan(offset, out.size()), out.begin());
      return out.size();
    }
  }
  const size_t size = read_now(address, out);
  for (const interface::Slot& slot : slots_) {
    const uint64_t from = std::max(slot.address, address);
    const uint64_t to = std::min(slot.address + slot.before.size(), address + size);
    if (from < to) std::ranges::copy(slot.before.subspan(from - slot.address, to - from), out.begin() + static_cast<ptrdiff_t>(from - address));
  }
  return size;
}

size_t GuestView::read_now(uint64_t address, std::span<std::byte> out) const {
  if (task_ == nullptr || task_->state() != libos::Task::State::running) return 0;
  const libos::AddressSpace& space = task_->space();
  size_t done = 0;
  while (done < out.size()) {
    const uint64_t at = address + done, page = at / page_size;
    if (at >= user_limit) break;
    const auto rest = out.subspan(done, std::min<size_t>(out.size() - done, page_size - at % page_size));
    if (!platform_->memory().peek(space.id(), at, rest)) {
      const auto vma = std::ranges::find_if(space.vmas(), [&](const libos::Vma& candidate) { return candidate.start <= page && page < candidate.end; });
      if (vma == space.vmas().end()) break;
      std::byte resident{};
      static_cast<void>(space.resident(page, 1, &resident));
      if (!vma->object && resident == std::byte{0}) {
        std::ranges::fill(rest, std::byte{0});  // never touched
      } else {
        // Only the object knows, or the parent's page; so load it as the guest would.
        task_->machine().lock().acquire(*platform_);
        const size_t loaded = platform_->memory().read(space.id(), at, rest);
        task_->machine().lock().release(*platform_);
        if (loaded < rest.size()) break;
      }
    }
    done += rest.size();
  }
  return done;
}

}  // namespace cupel::fuzz
