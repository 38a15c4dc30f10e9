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
    const uint64_t at = address + done;
    if (at >= user_limit) break;
    const auto rest = out.subspan(done, std::min<size_t>(out.size() - done, page_size - at % page_size));
    // What is installed first: that is what the guest sees, whether libos thinks so or not.
    if (!platform_->memory().peek(space.id(), at, rest) && space.look(at, rest) < rest.size()) break;
    done += rest.size();
  }
  return done;
}

}  // namespace cupel::fuzz
