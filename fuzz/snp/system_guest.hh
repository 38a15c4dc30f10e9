#pragma once
#include <map>
#include <optional>

#include "fuzz/linux/world.hh"
#include "fuzz/snp/south_platform.hh"
#include "libos/interface/args.hh"

// A Linux machine in an SNP guest: libos and the shim over the South interface of platforms/snp. Its programs make one call at a
// time, on any of its tasks; a call that sleeps stays asleep while others go on.
namespace cupel::fuzz::snp {

// A call of a program: what it is given, and where its answer's bytes are, if any.
struct SystemCall {
  uint64_t number = 0;
  interface::Registers registers{};
  std::vector<uint8_t> store = {};  // laid into the task's memory before, at `store_at`
  uint64_t store_at = 0;
  uint64_t answer_at = 0;           // as many bytes as it returns, at most
};

class SystemGuest final : private mock::Guest {
 public:
  SystemGuest();
  ~SystemGuest() = default;

  // A machine as new, booted on this hardware by an honest hypervisor. `fill`: what memory holds that nobody has written.
  void begin(Hardware& hardware, std::span<cupel::snp::Frame> record, const cupel::snp::SouthLayout& layout, std::byte fill);
  SouthPlatform::South& south() { return *south_; }

  // The tid of the n-th task, counted round; one that can be told to do something.
  std::optional<int32_t> idle_task(uint64_t number) const;
  bool is_first(int32_t tid);
  // Makes the task do it, and comes back once nothing goes on by itself. Throws GuestStopped where the guest has ended.
  void make(int32_t tid, const SystemCall& call);
  // The same of something that a kernel's own thread does, without the machine lock.
  void make(int32_t tid, void (*work)(void* self, SystemGuest& guest), void* self);
  SouthPlatform& platform() { return *platform_; }
  libos::Machine& machine() { return world_.machine(); }
  // Ends all that sleeps, and takes the machine down: whether its memory is then as empty as before.
  bool shut_down();

  // What calls came back with, in the order in which they did: nothing of it is the hypervisor's.
  const std::vector<uint64_t>& results() const { return results_; }
  void note(uint64_t result) { results_.push_back(result); }
  int64_t last_value() const { return last_value_; }
  // Everything sleeps that is not idle; else it will go on for ever.
  bool at_rest() const { return !world_.platform().exhausted() && world_.platform().waiting_for_lock().empty(); }

 private:
  void run(const mock::RunningTask& task) override;
  void make_call(int32_t tid);
  void run_to_rest();
  libos::Task& task_of(int32_t tid);

  std::optional<SouthPlatform> platform_;
  std::optional<SouthPlatform::South> south_;
  std::optional<int32_t> pending_;  // who has something to do
  SystemCall call_;
  void (*work_)(void* self, SystemGuest& guest) = nullptr;
  void* work_self_ = nullptr;
  std::map<int32_t, bool> busy_;  // tasks in a call that has not come back
  std::vector<uint64_t> results_;
  std::array<std::byte, 0x1000> answer_{};
  int64_t last_value_ = 0;
  bool up_ = false, ending_ = false;
  fuzz::World world_;  // last: booting it runs a guest
};

}  // namespace cupel::fuzz::snp
