#pragma once
#include "cli/run/patcher.hh"
#include "libos/machine/machine.hh"
#include "platforms/linux/linux_platform.hh"

namespace cupel::run {

// The Linux shim on this platform: what becomes of a guest's calls, faults and kicks.
class Guest final : public on_linux::Kernel {
 public:
  void set_machine(libos::Machine& machine) { machine_ = &machine; }
  // Every call traps: to compare.
  void never_patch() { patches_ = false; }

  void begin(on_linux::Slot& slot) override;
  int64_t call(on_linux::Slot& slot) override;
  void fault(on_linux::Slot& slot, uint64_t address, platform::Access wanted, int signal) override;
  void trap(on_linux::Slot& slot, int signal) override;
  void interrupted(on_linux::Slot& slot) override;
  void site_trapped(on_linux::Slot& slot, uint64_t behind_site, uint64_t number) override;
  void stream_changed(uint32_t stream) override;

 private:
  libos::Task& task_of(on_linux::Slot& slot);
  void end(on_linux::Slot& slot);

  libos::Machine* machine_ = nullptr;
  Patcher patcher_;
  bool patches_ = true;
};

}  // namespace cupel::run
