#pragma once
#include <optional>
#include <string>

#include "platforms/mock/snp/hypervisor.hh"
#include "platforms/mock/snp/ledger.hh"
#include "platforms/mock/snp/secure_processor.hh"
#include "platforms/snp/hardware.hh"

// The mock's model of SnpHardware, and the oracles that watch what the guest does with it. They look at the RMP and at the
// exchanges themselves, never at the guest's bookkeeping.
namespace cupel::mock_snp {

struct Violation {
  std::string oracle, expected, got;
};

// Thrown where the guest does not go on: it has ended itself, or hangs in a nested fault.
struct GuestStopped {};

// What an exit's answer comes to, by the protocol's tables, written apart from the guest's own judgement (judge.cc).
struct Verdict {
  enum class Kind : uint8_t { done, raise, partial, fatal } kind = Kind::done;
  uint8_t vector = 0;
  const char* why = "";
};

class Hardware final : private SharedAccess {
 public:
  static constexpr uint32_t exits_max = 20'000;  // of one run: more is a loop that the host bounds

  Hardware(System& system, Hypervisor& hypervisor, SecureProcessor& secure_processor);
  void begin();

  GuestEntries entries;
  uint64_t status = default_status;  // SEV_STATUS
  static constexpr uint64_t default_status = 7 | uint64_t{1} << 5 | uint64_t{1} << 7;

  // The first violation of the run, if any.
  const std::optional<Violation>& violation() const { return violation_; }
  [[noreturn]] void violate(std::string_view oracle, std::string expected, std::string got);
  bool terminated() const { return terminated_; }
  uint64_t exit_count() const { return exit_count_; }
  // Stores to private memory that were undone: no guest can tell, so what builds on them is nobody's promise (rows 9 and 10: policy).
  uint32_t lost_stores() const { return lost_stores_; }
  uint64_t reason() const { return terminated_ ? (reason_ >> 16 & 0xff) : 0; }
  // Between two operations of the guest: what was validated must still be judged, and the run may go on.
  void end_operation();
  // The answer to the last exit has been consumed.
  void conclude() { act(); }
  // What came of the last exchange, and what the guest was given there.
  const Verdict& verdict() const { return verdict_; }
  uint64_t seen(uint64_t gpa) const;
  uint64_t seen_field(uint64_t offset) const { return seen((request_ & ~uint64_t{0xfff}) + offset); }
  uint64_t exit_code() const { return exit_code_; }
  // Everything that the hypervisor could see so far.
  uint64_t trace() const { return trace_; }
  // Pages in which only the place of a store is part of the trace: they hold ciphertext.
  uint64_t opaque_gfn = 0;
  // Words that the guest took from the doorbell, and whether one was signalled and not yet looked at.
  std::vector<uint64_t> doorbell_taken;
  bool doorbell_owed = false;
  // The exit codes that this guest never makes.
  std::vector<uint64_t> forbidden_exits;
  void expect_end(const char* why) { must_end_ = true, why_ = why; }
  // The page tables, as the guest has made them.
  bool mapped_encrypted(uint64_t gfn) const { return !shared_mapping_[gfn]; }
  bool validated_by_guest(uint64_t gfn) const { return validated_by_guest_[gfn]; }
  void launch(uint32_t gfn, bool validated = true);
  static constexpr unsigned c_bit = 51;
  // Entries of a list that the SVSM handles in one call, and what it was asked to make of each frame.
  uint64_t svsm_entries_max = UINT64_MAX;
  std::vector<std::pair<uint64_t, bool>> svsm_validated;
  // Processors that run, by their VMSAs' frames.
  std::vector<uint32_t> running;
  void map_shared(uint32_t gfn) { shared_mapping_[gfn] = true, mapping_touched_.push_back(gfn); }

  // --- SnpHardware ---
  void write_ghcb_msr(uint64_t value);
  Untrusted<uint64_t> read_ghcb_msr(const Site* site);
  void vmgexit();
  void set_call_registers(uint64_t rax, uint64_t rcx) { call_rax_ = rax, call_rcx_ = rcx; }
  uint64_t call_result() const { return call_rax_; }
  uint64_t sev_status() { return status; }
  snp::Validated pvalidate(uint64_t gfn, snp::PageSize size, bool validate);
  uint32_t rmpadjust(uint64_t gfn, snp::PageSize size, uint64_t attributes);
  SharedPtr<uint8_t> shared8(uint64_t gpa) { return shared<uint8_t>(gpa); }
  SharedPtr<uint16_t> shared16(uint64_t gpa) { return shared<uint16_t>(gpa); }
  SharedPtr<uint32_t> shared32(uint64_t gpa) { return shared<uint32_t>(gpa); }
  SharedPtr<uint64_t> shared64(uint64_t gpa) { return shared<uint64_t>(gpa); }
  uint64_t load_private(uint64_t gpa);
  Untrusted<uint64_t> load_chosen(uint64_t gpa, const Site* site) {
    const uint64_t value = load_private(gpa);
    ledger().record(*site, true, value);
    return Untrusted<uint64_t>(value);
  }
  void store_private(uint64_t gpa, uint64_t value);
  void zero_private(uint64_t gfn);
  void evict(uint64_t gfn);
  void set_encrypted(uint64_t gfn, bool encrypted);
  bool mapped_large(uint64_t gfn) const { return gfn / large_pages != 2; }
  void flush_translations();
  uint64_t load_through(uint64_t gpa, unsigned c_bit);
  static constexpr uint64_t entropy_mark = 0x6a09'e667;  // the upper half of every word
  std::optional<uint64_t> entropy();
  Untrusted<uint64_t> timestamp(const Site* site);
  void set_interrupts(bool on);
  void halt();

 private:
  // A word of shared memory as the guest has loaded it in the exchange of that number, and which bytes of it.
  struct Seen {
    uint32_t exchange = 0;
    uint8_t bytes = 0;
    uint64_t value = 0;
  };
  // What belongs to the code that is running: put aside while the mock makes a handler run in its middle.
  struct Frame {
    uint32_t exchange = 0;
    bool open_exit = false, writing = false, writing_page = false, must_end = false, psc_open = false;
    const char* why = "";
    uint64_t request = 0, exit_code = 0, asked_info_1 = 0, asked_current = 0, asked_end = 0;
  };
  template <class T>
  SharedPtr<T> shared(uint64_t gpa);
  void before_load(const volatile void* address, size_t size, const Site& site) override;
  void before_exchange(const volatile void* address, size_t size, const Site& site) override;
  void after_store(volatile void* address, size_t size) override;
  uint64_t gpa_of(const volatile void* address) const;
  void step() { hypervisor_.before_step(); }  // an instruction of the guest is about to run: events may come in
  void act() {    // the guest does something that is neither ending nor judging
    if (terminated_ || open_exit_ || must_end_) act_slowly();
  }
  void act_slowly();
  void end_machine(uint64_t request);
  void forget_loads() { exchange_ = ++exchanges_; }
  void settle();  // the last answer has been consumed
  void deliver(const Act& act);
  void run_svsm();
  void interrupt(const std::function<void()>& handler);
  Verdict judge() const;
  Verdict judge_event() const;
  Verdict judge_msr() const;
  Verdict judge_page_state() const;
  void check_request();
  void check_buffer_tail();
  uint64_t field(uint64_t offset) const;
  bool valid(uint64_t offset) const;
  void use_private(uint64_t gfn, Write write);
  void tell_page(const char* what, uint64_t gfn, const char* came) const;
  void translate(uint64_t gfn, bool encrypted) {
    if (translation_[gfn] != (encrypted ? 2 : 1)) translate_slowly(gfn, encrypted);
  }
  void translate_slowly(uint64_t gfn, bool encrypted);
  [[noreturn, gnu::cold]] void refuse_shared(uint64_t gpa);
  [[noreturn, gnu::cold]] void second_load(const Site& site);
  void mix(uint64_t value) { trace_ = (trace_ ^ value) * 0x100'0000'01b3; }

  uint64_t call_rax_ = 0, call_rcx_ = 0;
  uint32_t lost_stores_ = 0;
  System& system_;
  Hypervisor& hypervisor_;
  SecureProcessor& secure_processor_;
  std::optional<Violation> violation_;
  bool terminated_ = false, must_end_ = false, open_exit_ = false, psc_open_ = false;
  bool writing_page_ = false;  // the GHCB was written
  bool writing_ = false;       // a request is being made: the GHCB or its MSR was written, and no exit has followed yet
  const char* why_ = "";
  Verdict verdict_;
  uint64_t exit_count_ = 0, request_ = 0, exit_code_ = 0, asked_info_1_ = 0, asked_current_ = 0, asked_end_ = 0, trace_ = 0, written_msr_ = 0, reason_ = 0;
  Table<Seen, guest_frames * words_of_page> seen_;
  uint32_t exchange_ = 1, exchanges_ = 1;  // the one under way, and how many there were
  std::array<uint64_t, words_of_page> written_words_{};  // of GHCB pages, as the guest stored them last
  uint64_t written(uint64_t offset) const { return written_words_[offset / 8]; }
  std::vector<std::pair<uintptr_t, uint64_t>> bases_;  // where shared pages lie, and their guest addresses
  Table<bool, guest_frames> validated_by_guest_, shared_mapping_, clean_;  // clean: evicted since its validation
  // Translations a processor may hold: 0 none, 1 shared, 2 encrypted.
  Table<uint8_t, guest_frames> translation_;
  std::vector<uint32_t> validated_frames_, mapping_touched_, translated_, unclean_;
  std::vector<std::pair<uint64_t, uint64_t>> stored_;  // what private memory holds, by the guest's own stores
  std::vector<std::pair<uint64_t, uint64_t>> opaque_stores_;   // into the ciphertext page since the last exit
  std::optional<std::pair<uint64_t, uint64_t>> last_store_;    // where, and what was there before
};
static_assert(snp::SnpHardware<Hardware>);

}  // namespace cupel::mock_snp
