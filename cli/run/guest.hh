#pragma once
#include "cli/run/patcher.hh"
#include "libos/machine/machine.hh"
#include "platforms/linux/linux_platform.hh"
#include "platforms/linux/shared_state.hh"

namespace cupel::run {

// The Linux shim on this platform: what becomes of a guest's calls, faults and kicks.
class Guest final : public on_linux::Kernel {
 public:
  void set_machine(libos::Machine& machine) { on_linux::shared().machine = &machine; }
  // Every call traps: to compare.
  void never_patch() { patches_ = false; }

  void begin(on_linux::Slot& slot) override;
  int64_t call(on_linux::Slot& slot) override;
  void fault(on_linux::Slot& slot, uint64_t address, platform::Access wanted, int signal) override;
  void trap(on_linux::Slot& slot, int signal, int code, uint64_t address) override;
  void interrupted(on_linux::Slot& slot) override;
  void site_trapped(on_linux::Slot& slot, uint64_t behind_site, uint64_t number) override;
  void stream_changed(uint32_t stream) override;
  void alarm() override;
  void host_signal(int signal) override;

 private:
  // The supervisor asks as well, whose memory beside the shared is of before the machine.
  static libos::Machine& machine() { return *static_cast<libos::Machine*>(on_linux::shared().machine); }
  libos::Task& task_of(on_linux::Slot& slot);
  void end(on_linux::Slot& slot);

  Patcher patcher_;
  bool patches_ = true;
};

}  // namespace cupel::run
