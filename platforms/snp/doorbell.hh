#pragma once
#include <array>

#include "platforms/snp/ghcb.hh"

// #HV and the doorbell page of one processor (GHCB specification 56421, section 5): with restricted injection the one way in
// which events come. They are the hypervisor's word, so only what was asked for is dispatched.
namespace cupel::snp {

inline constexpr uint32_t vector_first = 32;      // below are the processor's own exceptions, which no event can be
inline constexpr uint32_t vector_syscall = 0x80;  // the gate of INT 0x80: never an event either (CVE-2024-25744)
inline constexpr unsigned events_max = 256;       // taken in a row before the hypervisor is taken to be storming

// The pending event: [7:0] vector, [8] NMI, [9] machine check, [14:10] reserved, [15] no further signal.
template <class Word>
struct Pending {
  Word vector, others;
};
template <class Word>
constexpr Pending<Word> unpack_pending(const Word& word) {
  return {word & Word(0xff), word & Word(0x7f00)};
}
// One look at the pending word: what is to be dispatched, if anything, and whether that was all. `allowed`: the vector is in the
// set of those that were asked for.
enum class Doorway : uint8_t { quiet, dispatch, fatal };
template <class Word>
constexpr Doorway judge_pending(const Word& word, bool allowed) {
  const Pending<Word> pending = unpack_pending(word);
  if (pending.others != Word(0)) return Doorway::fatal;
  if (pending.vector == Word(0)) return Doorway::quiet;
  if (pending.vector < Word(vector_first)) return Doorway::fatal;
  if (pending.vector == Word(vector_syscall)) return Doorway::fatal;
  return allowed ? Doorway::dispatch : Doorway::fatal;
}

template <SnpHardware Hardware>
class Doorbell {
 public:
  struct Handler {
    void (*run)(void* self, uint8_t vector) = nullptr;
    void* self = nullptr;
  };
  Doorbell(Ghcb<Hardware>& ghcb, uint64_t gpa, Handler handler) : ghcb_(ghcb), core_(ghcb.core()), gpa_(gpa), handler_(handler) {}

  // Registers the page, which must be shared; the hypervisor's word for where it is must be ours.
  void open();
  // From here on the vector may come.
  void allow(uint8_t vector) { allowed_[vector] = vector >= vector_first && vector != vector_syscall; }
  // #HV, which comes whether interrupts are on or not, at any instruction.
  void on_hv() {
    if (core_.interrupts_on()) drain();
  }
  void enable() { core_.set_interrupts(true); }
  void disable() { core_.set_interrupts(false); }
  // Stops until an event comes: not where one is there already.
  void wait();

 private:
  uint64_t ask(uint64_t operation, uint64_t value);
  void drain();

  Ghcb<Hardware>& ghcb_;
  Core<Hardware>& core_;
  uint64_t gpa_;
  Handler handler_;
  std::array<bool, 256> allowed_{};
};

template <SnpHardware Hardware>
uint64_t Doorbell<Hardware>::ask(uint64_t operation, uint64_t value) {
  const Answer answer = ghcb_.exchange({.event = ghcb::Event::doorbell, .info_1 = operation, .info_2 = value, .info_2_returned = operation != 1});
  core_.require(answer.raised == ghcb::Raised::none, Reason::doorbell);
  return answer.info_2;
}

template <SnpHardware Hardware>
void Doorbell<Hardware>::open() {
  for (uint64_t offset = 0; offset < ghcb::page_size; offset += 8) core_.hardware.shared64(gpa_ + offset).write(0);
  static_cast<void>(ask(1, gpa_));
  core_.require(ask(2, 0) == gpa_, Reason::doorbell);
  core_.on_enable = {[](void* self) { static_cast<Doorbell*>(self)->drain(); }, this};
}

// Takes what is pending until nothing is. Each take replaces the word by 0 at once, so an event that arrives between two of them
// is kept, and signalled; one that arrives while a handler runs is found by the next take.
template <SnpHardware Hardware>
void Doorbell<Hardware>::drain() {
  for (unsigned taken = 0; taken < events_max; ++taken) {
    uint8_t vector = 0;
    const auto word = core_.hardware.shared16(gpa_).exchange(0, SITE("doorbell.pending", "a vector that was asked for, nothing else", "an_event_is_dispatched_only_where_it_was_asked_for"))
                          .checked([&](uint16_t value) { return judge_pending<uint32_t>(value, allowed_[value & 0xff]) != Doorway::fatal; });
    core_.require(word.has_value(), Reason::event_vector);
    vector = static_cast<uint8_t>(*word & 0xff);
    if (judge_pending<uint32_t>(*word, allowed_[vector]) == Doorway::quiet) return;
    core_.set_interrupts_unlooked(false);
    handler_.run(handler_.self, vector);
    core_.set_interrupts_unlooked(true);
  }
  core_.terminate(Reason::event_storm);
}

template <SnpHardware Hardware>
void Doorbell<Hardware>::wait() {
  core_.set_interrupts(true);  // looks
  core_.hardware.halt();
}

}  // namespace cupel::snp
