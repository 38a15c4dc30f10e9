#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/mock/snp/ledger.hh"
#include "platforms/mock/tee/act.hh"
#include "platforms/mock/tee/applications.hh"
#include "platforms/mock/tee/machine.hh"

// The normal world as a mock: honest but for the acts of a script, and the oracles that watch what we do with its memory.
namespace cupel::mock_tee {

struct Violation {
  std::string oracle, expected, got;
};
// Thrown where a run does not go on: an oracle has spoken.
struct Stopped {};

// A message as the shim has read it: what it must have decided by.
struct Seen {
  uint64_t address = 0;
  std::array<uint64_t, 8> header{};
  std::array<std::array<uint64_t, 4>, 6> params{};
  bool rpc_argument = false;
  // What it has answered there.
  std::optional<uint32_t> result;
  uint32_t session = 0;
};

class World final : private SharedAccess {
 public:
  static constexpr uint32_t answers_max = 200, loads_max = 30'000;

  void begin(uint64_t secret);
  void follow(std::span<const Act> script);
  Memory memory;
  // Another processor's call; set by whoever has the shim.
  std::function<optee::Registers(const optee::Registers&)> on_call;
  // Around each entry of an application.
  std::function<void(const optee::TaCall&)> on_enter;
  std::function<void(const optee::TaCall&, const optee::TaExit&)> on_leave;
  std::function<void(const Act&)> on_act;

  // Makes a call: as the normal world does, and watched.
  optee::Registers make(const optee::Registers& registers);

  const std::optional<Violation>& violation() const { return violation_; }
  [[noreturn]] void violate(std::string_view oracle, std::string expected, std::string got);
  uint64_t trace() const { return trace_; }
  uint64_t calls() const { return calls_; }
  uint64_t loads() const { return loads_; }
  uint32_t acts_fired() const { return acts_fired_; }
  // Words of its memory that it has changed of itself.
  uint32_t pokes() const { return pokes_; }
  uint32_t depth() const { return depth_; }
  // The message of the call that is under way.
  const Seen& seen() const { return seen_; }
  // Entries of applications so far.
  uint64_t entries() const { return entries_; }
  uint64_t secret() const { return secret_; }
  void mix(uint64_t value) { trace_ = (trace_ ^ value) * 0x100'0000'01b3; }
  // Memory given and not yet given back.
  size_t lent() const { return lent_; }

  // --- NormalWorld ---
  bool normal_page(uint64_t page) const { return page < pages && owner_of(page) == Owner::normal; }
  bool static_memory(uint64_t address, uint64_t size) const {
    constexpr uint64_t first = frames::fixed * page_size, end = (frames::fixed + frames::fixed_pages) * page_size;
    return address >= first && address < end && size <= end - address;
  }
  SharedPtr<uint8_t> shared8(uint64_t address) { return shared<uint8_t>(address); }
  SharedPtr<uint32_t> shared32(uint64_t address) { return shared<uint32_t>(address); }
  SharedPtr<uint64_t> shared64(uint64_t address) { return shared<uint64_t>(address); }
  void begin(optee::Object object);
  void rpc(const optee::Registers& registers);
  Untrusted<uint64_t> answer(unsigned index, const Site* site);
  std::optional<optee::TaInfo> find_ta(uint64_t high, uint64_t low) const;
  optee::TaExit enter(optee::TaCall& call);

 private:
  template <class T>
  SharedPtr<T> shared(uint64_t address) {
    if (!memory.holds(address, sizeof(T)) || !normal_page(address / page_size) || address % sizeof(T) != 0) refuse_access(address);
    // SAFETY: within the memory, and aligned.
    return SharedPtr<T>(reinterpret_cast<volatile T*>(memory.place(address)), this);
  }
  [[noreturn, gnu::cold]] void refuse_access(uint64_t address);
  void before_load(const volatile void* address, size_t size, const Site& site) override;
  void before_exchange(const volatile void*, size_t, const Site&) override {}
  void after_store(volatile void* address, size_t size) override;
  void note(const Site& site, uint64_t address, uint64_t value);
  void watch_store(uint64_t address, size_t size);
  void fire(When when, uint32_t nth);
  void perform(const Act& act);
  void send(Sent what, uint64_t with);
  void serve(const optee::Registers& registers);
  void serve_command();
  void serve_allocate(uint64_t base);
  void serve_file(uint64_t base);

  static constexpr size_t objects = 4;
  std::array<std::vector<uint32_t>, objects> stamps_{};  // of each byte: in which object of its kind it was read last
  std::array<uint32_t, objects> current_{}, last_{};
  std::optional<Violation> violation_;
  std::array<std::vector<Act>, when_kinds> script_;
  std::array<size_t, when_kinds> next_{};
  Seen seen_;
  std::vector<uint64_t> lied_;  // words that acts have changed
  std::array<bool, 8> lied_registers_{};
  // A call is suspended; it only gives memory back; it was given memory for its requests.
  bool thread_waits_ = false, releases_ = false, gives_argument_ = false;
  uint32_t pokes_ = 0;
  optee::Registers answers_{};
  uint64_t secret_ = 0, trace_ = 0, loads_ = 0, stores_ = 0, calls_ = 0, call_loads_ = 0, entries_ = 0;
  uint32_t answered_ = 0, acts_fired_ = 0, depth_ = 0, firing_ = 0;
  uint64_t argument_ = 0, thread_ = 0, client_ = 0, given_ = 0, alias_ = 0;
  bool ignores_ = false, answer_wrong_ = false;
  size_t lent_ = 0;
  std::vector<std::array<uint64_t, 20>> replies_;
};
static_assert(optee::NormalWorld<World>);

}  // namespace cupel::mock_tee
