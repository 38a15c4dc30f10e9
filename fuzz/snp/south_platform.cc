#include "fuzz/snp/south_platform.hh"

#include <cstring>
#include <limits>

#include "libos/base/page.hh"

namespace cupel::fuzz::snp {

using platform::Access;
using platform::Nanoseconds;
using platform::Space;
using platform::Woken;

void SouthPlatform::attach(Hardware* hardware, South* south) {
  hardware_ = hardware;
  south_ = south;
  frames_.clear();
  last_now_ = 0;
}

std::optional<uint64_t> SouthPlatform::frame_of(const std::byte* frame) {
  const auto found = std::ranges::lower_bound(frames_, frame, {}, &std::pair<const std::byte*, uint64_t>::first);
  if (found != frames_.end() && found->first == frame) return found->second;
  const auto taken = south_->take_frame();
  hardware_->end_operation();  // a page is judged as it was accepted, before anything is in it
  if (taken) frames_.insert(found, {frame, *taken});
  return taken;
}

// Memory becomes the guest's when a page of it is first put into a page table.
Result<> SouthPlatform::map(Space space, uint64_t page_address, std::byte* frame, Access access) {
  if (!outside()) {
    bool taken = false;
    cross([&](South&) { taken = frame_of(frame).has_value(); });
    if (!taken) return fail(Errno::nomem);
  }
  return below_.map(space, page_address, frame, access);
}

// The first word of what is touched in each page, through the guest's translations and the RMP.
template <class Touch>
void SouthPlatform::touch(Space space, uint64_t address, size_t size, Touch touch_word) {
  if (outside() || size == 0) return;
  cross([&](South&) {
    for (uint64_t at = address; at < address + size; at = (at & ~(page_size - 1)) + page_size) {
      const mock::PageTable::Entry* entry = below_.memory().pages(space).find(at / page_size);
      if (entry == nullptr) return;
      const uint64_t offset = at % page_size & ~uint64_t{7};
      // A page that was there before the boundary was: its memory is accepted now.
      const auto frame = frame_of(entry->frame);
      if (frame) touch_word(*frame << page_shift | offset, entry->frame + offset);
    }
  });
}

size_t SouthPlatform::copy_in(Space space, uint64_t address, std::span<std::byte> out) {
  const size_t size = below_.copy_in(space, address, out);
  touch(space, address, size, [&](uint64_t gpa, const std::byte*) { static_cast<void>(hardware_->load_private(gpa)); });
  return size;
}

size_t SouthPlatform::copy_out(Space space, uint64_t address, std::span<const std::byte> bytes) {
  const size_t size = below_.copy_out(space, address, bytes);
  touch(space, address, size, [&](uint64_t gpa, const std::byte* at) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof(word));
    hardware_->store_private(gpa, word);
  });
  return size;
}

Result<uint32_t> SouthPlatform::compare_exchange(Space space, uint64_t address, uint32_t expected, uint32_t desired) {
  const auto old = below_.compare_exchange(space, address, expected, desired);
  if (old) touch(space, address, sizeof(uint32_t), [&](uint64_t gpa, const std::byte*) { static_cast<void>(hardware_->load_private(gpa)); });
  return old;
}

// The guest's processor is idle first; when its task really goes on, the mock's schedule says. A deadline is as far away there.
Woken SouthPlatform::wait(std::atomic<uint32_t>& word, uint32_t expected, Nanoseconds deadline) {
  if (outside() || below_.is_lock_word(word) || word.load(std::memory_order_acquire) != expected) return below_.wait(word, expected, deadline);
  Woken woken = Woken::woken;
  cross([&](South& south) { woken = south.idle(deadline); });
  if (woken == Woken::interrupted) return woken;
  if (deadline == platform::no_deadline) return below_.wait(word, expected, deadline);
  const Nanoseconds left = std::max<Nanoseconds>(deadline - last_now_, 0);
  const Nanoseconds clock = below_.clock();
  return below_.wait(word, expected, left > std::numeric_limits<Nanoseconds>::max() - 1 - clock ? std::numeric_limits<Nanoseconds>::max() - 1 : clock + left);
}

Nanoseconds SouthPlatform::now(platform::ClockBase clock) {
  if (outside()) return below_.now(clock);
  cross([&](South& south) {
    const Nanoseconds now = south.now();
    if (now < last_now_) hardware_->violate("diff", "time that goes forward", std::to_string(now) + " ns after " + std::to_string(last_now_));
    last_now_ = now;
  });
  return last_now_;
}

// What a program draws is its own to tell, so that two runs under different secrets are given the same; that the guest side's words
// come from the processor is looked at before.
void SouthPlatform::random(std::span<std::byte> out) {
  if (!outside()) {
    cross([&](South& south) {
      south.random(out);
      for (size_t at = 4; at + 4 <= out.size(); at += 8) {
        uint32_t half = 0;
        std::memcpy(&half, out.data() + at, sizeof(half));
        if (half != Hardware::entropy_mark) hardware_->violate("policy", "random bytes of the processor's", "others");
      }
    });
  }
  below_.random(out);
}

void SouthPlatform::console(std::span<const std::byte> bytes) {
  if (!outside()) cross([&](South& south) { south.console(bytes); });
  below_.console(bytes);
}

}  // namespace cupel::fuzz::snp
