#pragma once
#include <array>
#include <functional>
#include <span>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "platforms/mock/snp/act.hh"
#include "platforms/mock/snp/frames.hh"
#include "platforms/mock/snp/system.hh"

// The hypervisor: KVM's honest answers (fact sheet 2.1), and a script of what it does instead.
namespace cupel::mock_snp {

class SecureProcessor;

// What runs in the guest when an event comes in or a processor starts: set by who drives the mock.
struct GuestEntries {
  std::function<void()> on_hv;
  std::function<void(uint64_t code)> on_vc;
  std::function<void(uint32_t vmsa_gfn)> on_start;
};

class Hypervisor {
 public:
  explicit Hypervisor(System& system) : system_(system) {}
  void begin(std::span<const Act> script);
  // From here on the script is followed; its counts start now.
  void follow(std::span<const Act> script);
  void connect(SecureProcessor& secure_processor) { secure_processor_ = &secure_processor; }
  // Where acts that make guest code run go: the hardware delivers them.
  std::function<void(const Act&)> deliver;
  // Where it is told, if anywhere, what happens: its acts as they come, and what pages become.
  std::function<void(const Act&)> on_act;
  std::function<void(const std::string&)> on_page;
  // Runs the level above the guest.
  std::function<void()> run_vmpl;

  void exit();
  void before_load() { fire(When::before_load, loads_++); }
  void before_pvalidate() { fire(When::before_pvalidate, pvalidates_++); }
  void before_step() { fire(When::before_step, steps_++); }
  // A nested fault at that frame: smashes a 2M page that is used in parts, as KVM does. False: nothing to be done.
  bool handle_nested_fault(uint32_t gfn);
  bool resumes();                      // asked when the guest has halted
  bool lied() const { return lies_ > 0; }  // any act has fired: not honest any more
  uint32_t lies() const { return lies_; }
  // Whether the word of shared memory holds what an act put there.
  bool lied_at(uint64_t gpa) const {
    if (lied_words_.empty() && lied_frames_.empty()) return false;
    gpa %= memory_size;  // as the GHCB's address wraps, whose upper bits it can change as well
    return lied_words_.contains(gpa / 8) || lied_frames_.contains(gpa >> 12);
  }
  // It has put this very value there before: to find it there again, put back by the guest, tells it nothing.
  bool gave(uint64_t gpa, uint64_t value) const { return given_.contains({gpa % memory_size / 8, value}); }
  void lied_page(uint32_t gfn) { lied_frames_.insert(gfn); }
  uint32_t ghcb_frame() const { return ghcb_gfn(); }
  bool msr_lied() const { return msr_lied_; }
  // It has put this word into the MSR of its own accord: a handler that puts back what it found there says nothing by it.
  bool gave_msr(uint64_t value) const { return given_msrs_.contains(value); }

  uint64_t msr = 0;
  // The features, version bounds and so on of its honest answers.
  uint64_t features = 3;
  // What was created: frames of VMSAs that the hypervisor was told to run.
  const std::vector<uint32_t>& created() const { return created_; }
  bool takes_entropy();                // whether RDSEED has nothing this time
  uint64_t timestamp();
  bool skips();
  bool loses_store();
  bool msr_registered(uint64_t gpa) const { return registered_ == gpa; }
  uint64_t secure_error = 0;           // of the request now handled: not processed
  // An honest device behind the queue, told of requests by a store to this address: its disk, and what it was sent.
  static constexpr uint64_t notify_gpa = 0xfed0'0000;
  std::span<const uint8_t> disk;

 private:
  void fire(When when, uint32_t nth) {
    const auto kind = static_cast<size_t>(when);
    if (next_[kind] < script_[kind].size() && script_[kind][next_[kind]].nth <= nth) fire_now(when, nth);
  }
  void fire_now(When when, uint32_t nth);
  void perform(const Act& act);
  void perform_on_pages(const Act& act);
  void handle();
  void handle_msr();
  void handle_event(uint64_t code);
  void handle_page_state();
  void handle_guest_request(bool extended);
  void handle_creation();
  void handle_doorbell();
  void serve_queue(uint64_t requests_max, uint64_t seed);
  void serve_honestly();
  uint64_t answer_request(uint64_t slot, uint64_t room);
  void answer(uint64_t info_2 = 0);
  void refuse(uint64_t why);
  bool change_page(uint32_t gfn, bool to_private, bool large);
  uint64_t& ghcb(uint64_t offset) { return system_.word((uint64_t{ghcb_gfn()} << 12) + offset); }
  uint32_t ghcb_gfn() const { return static_cast<uint32_t>(ghcb_at_ >> 12); }
  void put(uint64_t gpa, uint64_t value);
  void lie(uint64_t gpa, uint64_t value);
  void lie_in_msr(uint64_t value);
  void lie_in_header(unsigned shift, uint64_t mask, uint64_t value);

  System& system_;
  SecureProcessor* secure_processor_ = nullptr;
  // The script's acts of each kind of moment, by their number, and how far it has come.
  std::array<std::vector<Act>, when_kinds> script_;
  std::array<size_t, when_kinds> next_{};
  uint32_t exits_ = 0, loads_ = 0, pvalidates_ = 0, steps_ = 0;
  uint64_t entries_handled_max_ = UINT64_MAX;
  uint64_t ghcb_at_ = uint64_t{frames::ghcb} << 12;
  uint64_t registered_ = 0, asked_1_ = 0, asked_2_ = 0;
  bool ignores_ = false, stalled_ = false, skips_ = false, loses_store_ = false, msr_lied_ = false;
  uint64_t resumes_left_ = 0, entropy_failures_ = 0, time_ = 0;
  uint32_t lies_ = 0;
  unsigned firing_ = 0;
  std::unordered_set<uint64_t> lied_words_, lied_frames_;  // single words, and frames that are other pages now
  std::set<std::pair<uint64_t, uint64_t>> given_;              // words with values
  std::unordered_set<uint64_t> given_msrs_;
  std::vector<uint32_t> created_;
};

}  // namespace cupel::mock_snp
