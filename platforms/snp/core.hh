#pragma once
#include "platforms/snp/hardware.hh"
#include "platforms/snp/msr_protocol.hh"
#include "platforms/snp/reason.hh"

namespace cupel::snp {

// What every part of one vCPU's guest side stands on: ending the machine, and the exchange through the GHCB MSR.
//
// Whatever does not fit ends the machine: the hypervisor can always stop the guest, so giving up is never worse, and going
// on may be.
template <SnpHardware Hardware>
class Core {
 public:
  Core(Hardware& hardware_value, uint64_t ghcb_gpa) : hardware(hardware_value), ghcb_gpa_(ghcb_gpa) {}

  [[noreturn]] void terminate(Reason reason);
  void require(bool holds, Reason reason) {
    if (!holds) terminate(reason);
  }
  // Our own state is wrong. Why stays here: text and numbers could hold what the hypervisor must not see, so it learns the
  // reason code alone.
  [[noreturn]] void panic(const char* text, uint64_t number) {
    panic_text_ = text, panic_number_ = number;
    terminate(Reason::panic);
  }
  bool terminated() const { return terminated_; }

  // One request through the MSR. Nothing may come between writing the MSR and reading it: interrupts are off meanwhile.
  template <class Judge>
  uint64_t msr_exchange(uint64_t request, const Site* site, Judge judge, Reason reason);

  // Whether an exchange through the MSR is under way: whoever comes in between leaves the MSR as it was.
  bool msr_busy() const { return msr_busy_; }
  // What the MSR is to hold at the next exit, until then. Whoever comes in between puts it back from here: the MSR itself is the
  // hypervisor's to write as well, which would have us ask for what it likes.
  struct Asked {
    uint64_t word = 0;
    bool waiting = false;
  };
  void ask(uint64_t word) {
    asked_ = {word, true};
    hardware.write_ghcb_msr(word);
  }
  const Asked& asked() const { return asked_; }
  void put_back(const Asked& asked) {
    asked_ = asked;
    hardware.write_ghcb_msr(asked.word);
  }
  void exit() {
    asked_.waiting = false;
    hardware.vmgexit();
  }
  uint64_t ghcb_gpa() const { return ghcb_gpa_; }
  bool interrupts_on() const { return interrupts_on_; }
  // Returns what it was before. Where they come on, what arrived meanwhile is looked at: `on_enable`.
  bool set_interrupts(bool on);
  // For code that looks itself.
  void set_interrupts_unlooked(bool on) {
    if (on != interrupts_on_) hardware.set_interrupts(on);
    interrupts_on_ = on;
  }
  struct EnableHook {
    void (*run)(void* self) = nullptr;
    void* self = nullptr;
  };
  EnableHook on_enable;

  Hardware& hardware;

 private:
  uint64_t ghcb_gpa_;
  const char* panic_text_ = nullptr;  // for a debugger inside
  uint64_t panic_number_ = 0;
  bool terminated_ = false;
  bool interrupts_on_ = false, msr_busy_ = false;
  Asked asked_;
};

template <SnpHardware Hardware>
void Core<Hardware>::terminate(Reason reason) {
  terminated_ = true;
  // A hypervisor may resume a guest that has ended: it ends again, for ever. (The mock leaves this loop by an exception.)
  for (;;) {
    hardware.write_ghcb_msr(msr::terminate_request<uint64_t>(reason_set, static_cast<uint64_t>(reason)));
    hardware.vmgexit();
    hardware.halt();
  }
}

template <SnpHardware Hardware>
bool Core<Hardware>::set_interrupts(bool on) {
  const bool before = interrupts_on_;
  set_interrupts_unlooked(on);
  if (on && !before && on_enable.run != nullptr) on_enable.run(on_enable.self);
  return before;
}

template <SnpHardware Hardware>
template <class Judge>
uint64_t Core<Hardware>::msr_exchange(uint64_t request, const Site* site, Judge judge, Reason reason) {
  const bool interrupts = set_interrupts(false);
  require(!msr_busy_, Reason::nesting);
  msr_busy_ = true;
  ask(request);
  exit();
  // A host's word has no way in but the judge's.
  const auto word = hardware.read_ghcb_msr(site).checked([&](uint64_t answer) { return judge(answer).has_value(); });
  msr_busy_ = false;
  if (!word) terminate(reason);
  set_interrupts(interrupts);
  return *judge(*word);
}

}  // namespace cupel::snp
