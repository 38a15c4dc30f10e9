#pragma once
#include <optional>

#include "libos/platform/platform.hh"
#include "platforms/snp/boot.hh"
#include "platforms/snp/clock.hh"
#include "platforms/snp/doorbell.hh"
#include "platforms/snp/transports.hh"

// What South (libos/platform) needs of an SNP guest, put together from the parts of this folder: one processor's exits, memory that
// is accepted when it is first used, a clock and a timer, entropy, a console, and devices behind bounce buffers. How tasks run and
// page tables look is the platform's own, and nothing of the hypervisor's.
namespace cupel::snp {

// What the measured image says. Pages outside of the memory are private and validated from the launch on.
struct SouthLayout {
  BootLayout boot;
  uint64_t doorbell_gfn, queue_gfn, pool_gfn, pool_pages, notify_gpa;
  uint64_t memory_first, memory_end;  // frames that are accepted one by one
  uint64_t frequency_khz;             // of the time stamp counter
};
inline constexpr uint16_t console_port = 0x3f8;
inline constexpr uint32_t timer_msr = 0x6e0;  // IA32_TSC_DEADLINE
inline constexpr uint8_t timer_vector = 0x40, device_vector = 0x41;

template <SnpHardware Hardware>
class South {
 public:
  // `record` holds the state of every frame from 0 on.
  South(Hardware& hardware, std::span<Frame> record, const SouthLayout& layout)
      : layout_(layout), core_(hardware, layout.boot.ghcb_gfn << 12), negotiation_(core_), ghcb_(core_), exits_(ghcb_), pages_(ghcb_, Shadow(0, record)),
        boot_(pages_, ghcb_, negotiation_, layout.boot), doorbell_(ghcb_, layout.doorbell_gfn << 12, {on_event, this}), bounce_(pages_, layout.pool_gfn, layout.pool_pages),
        queue_(bounce_, core_, layout.queue_gfn << 12), devices_(queue_, exits_, layout.notify_gpa), next_frame_(layout.memory_first) {}

  void boot();
  // A frame of memory, accepted now; nothing where all are in use.
  std::optional<uint64_t> take_frame();
  void console(std::span<const std::byte> bytes);
  void random(std::span<std::byte> out);
  platform::Nanoseconds now();
  // Nothing is to be done before the deadline, or before something outside happens. That it comes back says nothing: an event is the
  // hypervisor's word, so that whoever waits looks again.
  platform::Woken idle(platform::Nanoseconds deadline);
  Transport<Hardware>& devices() { return devices_; }

  // The processor's handlers. The kernel has no instruction that is intercepted: a #VC in it is one that the hypervisor made up.
  void on_hv() { doorbell_.on_hv(); }
  void on_vc(uint64_t code) {
    if (code == 0x404) pages_.on_not_validated();
    core_.terminate(Reason::opcode_mismatch);
  }
  Core<Hardware>& core() { return core_; }
  const PageStates<Hardware>& pages() const { return pages_; }
  uint64_t events() const { return events_; }

 private:
  static void on_event(void* self, uint8_t) { ++static_cast<South*>(self)->events_; }
  void share_page(uint64_t gfn, Role role) {
    pages_.share(gfn, 1);
    core_.require(pages_.shadow().claim(gfn, 1, role), Reason::shadow_forbids);
  }

  SouthLayout layout_;
  Core<Hardware> core_;
  Negotiation<Hardware> negotiation_;
  Ghcb<Hardware> ghcb_;
  Exits<Hardware> exits_;
  PageStates<Hardware> pages_;
  Boot<Hardware> boot_;
  Doorbell<Hardware> doorbell_;
  Bounce<Hardware> bounce_;
  DeviceQueue<Hardware> queue_;
  Transport<Hardware> devices_;
  std::optional<Clock<Hardware>> clock_;
  uint64_t next_frame_, events_ = 0;
};

template <SnpHardware Hardware>
void South<Hardware>::boot() {
  boot_.run();
  clock_.emplace(core_, Untrusted<uint64_t>(layout_.frequency_khz));
  share_page(layout_.doorbell_gfn, Role::doorbell);
  doorbell_.open();
  doorbell_.allow(timer_vector);
  doorbell_.allow(device_vector);
  bounce_.open();
  share_page(layout_.queue_gfn, Role::bounce);
  queue_.open();
}

template <SnpHardware Hardware>
std::optional<uint64_t> South<Hardware>::take_frame() {
  if (next_frame_ == layout_.memory_end) return std::nullopt;
  pages_.accept(next_frame_, 1);
  return next_frame_++;
}

template <SnpHardware Hardware>
void South<Hardware>::console(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    std::array<uint8_t, 256> line;
    const size_t size = bytes.size() < line.size() ? bytes.size() : line.size();
    for (size_t index = 0; index < size; ++index) line[index] = static_cast<uint8_t>(bytes[index]);
    // A port that raises an exception is a console that is not there: nobody depends on it.
    if (!exits_.outs(console_port, 1, {line.data(), size})) return;
    bytes = bytes.subspan(size);
  }
}

template <SnpHardware Hardware>
void South<Hardware>::random(std::span<std::byte> out) {
  for (size_t index = 0; index < out.size(); index += 8) {
    const uint64_t word = random_word(core_);
    for (size_t byte = 0; byte < 8 && index + byte < out.size(); ++byte) out[index + byte] = static_cast<std::byte>(word >> (byte * 8));
  }
}

template <SnpHardware Hardware>
platform::Nanoseconds South<Hardware>::now() {
  return static_cast<platform::Nanoseconds>(clock_->nanoseconds_now());
}

template <SnpHardware Hardware>
platform::Woken South<Hardware>::idle(platform::Nanoseconds deadline) {
  if (deadline != platform::no_deadline) {
    if (deadline <= now()) return platform::Woken::timed_out;
    // Where the timer is not to be had, sleep is for somebody else's event to end.
    static_cast<void>(exits_.write_msr(timer_msr, ticks_at(static_cast<uint64_t>(deadline), layout_.frequency_khz)));
  }
  doorbell_.wait();
  doorbell_.disable();
  return platform::Woken::woken;
}

}  // namespace cupel::snp
