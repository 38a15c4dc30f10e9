#include "platforms/mock/snp/hardware.hh"

#include <algorithm>

namespace cupel::mock_snp {
namespace {

std::string frame(uint64_t gfn) { return "frame " + std::to_string(gfn); }

}  // namespace

Hardware::Hardware(System& system, Hypervisor& hypervisor, SecureProcessor& secure_processor) : system_(system), hypervisor_(hypervisor), secure_processor_(secure_processor) {
  hypervisor_.connect(secure_processor);
  hypervisor_.run_vmpl = [this] { run_svsm(); };
  hypervisor_.deliver = [this](const Act& act_now) { deliver(act_now); };
}

void Hardware::begin() {
  violation_.reset();
  terminated_ = must_end_ = open_exit_ = psc_open_ = writing_ = writing_page_ = false;
  exit_count_ = request_ = written_msr_ = exit_code_ = asked_current_ = asked_end_ = reason_ = 0;
  trace_ = 0xcbf2'9ce4'8422'2325;
  status = default_status;
  verdict_ = {};
  why_ = "";
  forget_loads();
  stored_.clear();
  bases_.clear();
  last_store_.reset();
  opaque_gfn = 0;
  opaque_stores_.clear();
  doorbell_taken.clear();
  doorbell_owed = false;
  running.clear();
  svsm_entries_max = UINT64_MAX;
  svsm_validated.clear();
  call_rax_ = call_rcx_ = 0;
  lost_stores_ = 0;
  for (const uint32_t gfn : validated_frames_) validated_by_guest_[gfn] = clean_[gfn] = false;
  for (const uint32_t gfn : mapping_touched_) shared_mapping_[gfn] = false;
  for (const uint32_t gfn : translated_) translation_[gfn] = 0;
  validated_frames_.clear(), mapping_touched_.clear(), translated_.clear(), unclean_.clear();
}

void Hardware::launch(uint32_t gfn, bool validated) {
  system_.launch(gfn);
  if (!validated) return;
  validated_by_guest_[gfn] = clean_[gfn] = true;
  validated_frames_.push_back(gfn);
}

void Hardware::violate(std::string_view oracle, std::string expected, std::string got) {
  if (!violation_) violation_ = Violation{std::string(oracle), std::move(expected), std::move(got)};
  throw GuestStopped{};
}

void Hardware::act_slowly() {
  if (terminated_) violate("terminate", "nothing but ending again", "the guest went on after it had ended");
  settle();
  if (must_end_) violate("answer", "the guest ends", std::string("it went on after ") + why_);
}

void Hardware::settle() {
  if (!std::exchange(open_exit_, false)) return;
  verdict_ = judge();
  if (verdict_.kind == Verdict::Kind::fatal) must_end_ = true, why_ = verdict_.why;
  psc_open_ = verdict_.kind == Verdict::Kind::partial;
}

void Hardware::end_operation() {
  settle();
  if (must_end_) violate("answer", "the guest ends", std::string("it reported success after ") + why_);
  if (psc_open_) violate("answer", "the exit again, or the end", "a page state change only partly done was taken as done");
  for (const uint32_t gfn : unclean_) {
    // A frame that the hypervisor has moved since is no memory to speak of: its next use does not come through.
    const bool usable = system_.access(gfn, Encrypted::yes, Write::no) == Access::data;
    if (validated_by_guest_[gfn] && usable && !system_.is_zero(gfn)) violate("scrub", "an accepted page holds zeros only", frame(gfn) + " holds what the hypervisor left there");
  }
  unclean_.clear();
  for (const uint32_t gfn : translated_) {
    if (translation_[gfn] != 0 && (translation_[gfn] == 1) != shared_mapping_[gfn]) violate("tlb", "no translation from before the change of C", frame(gfn) + " is still used through the old one");
  }
  forget_loads();
  writing_ = writing_page_ = false;
}

void Hardware::write_ghcb_msr(uint64_t value) {
  // A handler that puts back what the hypervisor had left there does not end the machine by it, unless it exits with it.
  const bool ending = (value & 0xfff) == 0x100;
  if (!ending) act();
  else if (!hypervisor_.gave_msr(value)) end_machine(value);
  if ((value & 0xfff) >= 0xf00 && !hypervisor_.gave_msr(value)) violate("debug", "no text to the hypervisor", "a debug request of the GHCB MSR");
  hypervisor_.msr = written_msr_ = value;
  writing_ = !terminated_ && (value & 0xfff) != 0;
  mix(value);
  step();
}

void Hardware::end_machine(uint64_t request) {
  open_exit_ = must_end_ = psc_open_ = false;
  terminated_ = true, reason_ = request;
}

void Hardware::vmgexit() {
  if ((written_msr_ & 0xfff) == 0x100) end_machine(written_msr_);
  if (!terminated_) act();
  if (++exit_count_ > exits_max) violate("progress", "an end within " + std::to_string(exits_max) + " exits", "a loop that the hypervisor bounds");
  forget_loads();
  bases_.clear();
  request_ = written_msr_;  // the guest's own word; the hypervisor may have put another there
  mix(request_);
  if ((request_ & 0xfff) == 0) {
    // What is asked is what the guest wrote, whatever the hypervisor has put in its place since.
    exit_code_ = written(0x390);
    if (std::ranges::find(forbidden_exits, exit_code_) != forbidden_exits.end()) violate("forbidden", "an exit that SNP guests make", "exit code " + std::to_string(exit_code_));
    asked_current_ = written(0x800) & 0xffff;
    asked_end_ = (written(0x800) >> 16) & 0xffff;
    check_request();
  }
  // A word which was something else in between was a word of the plaintext, or of the cipher's state.
  for (const auto& [gpa, value] : std::exchange(opaque_stores_, {})) {
    if (value != 0 && value != system_.word(gpa) && !hypervisor_.lied_at(gpa)) violate("ni", "nothing but ciphertext in the request page, at any moment", "another value at " + std::to_string(gpa));
  }
  psc_open_ = false;
  hypervisor_.exit();
  open_exit_ = !terminated_;
  writing_ = writing_page_ = false;
  step();
}

Untrusted<uint64_t> Hardware::read_ghcb_msr(const Site* site) {
  step();
  if (terminated_) act();
  const uint64_t value = hypervisor_.msr;
  ledger().record(*site, hypervisor_.msr_lied(), value);
  if ((request_ & 0xfff) != 0) settle();
  return Untrusted<uint64_t>(value);
}

uint64_t Hardware::gpa_of(const volatile void* address) const {
  const auto where = reinterpret_cast<uintptr_t>(address);  // SAFETY: only compared with the pages' addresses
  for (auto entry = bases_.rbegin(); entry != bases_.rend(); ++entry) {
    if (where - entry->first < 4096) return entry->second + (where - entry->first);
  }
  return 0;
}

void Hardware::refuse_shared(uint64_t gpa) {
  const uint64_t gfn = (gpa >> 12) % guest_frames;
  if (!shared_mapping_[gfn]) violate("rmp", "shared access only where it is mapped shared", frame(gfn) + " is mapped private");
  violate("bounds", "an address of the guest's memory", std::to_string(gpa));
}

void Hardware::second_load(const Site& site) {
  violate("double_fetch", "each shared word loaded once after an exit", std::string("a second load at ") + site.name + ", which the hypervisor can answer differently");
}

template <class T>
SharedPtr<T> Hardware::shared(uint64_t gpa) {
  const auto gfn = static_cast<uint32_t>(gpa >> 12) % guest_frames;
  if (terminated_) act();
  if (!shared_mapping_[gfn] || gpa >> 12 >= guest_frames) refuse_shared(gpa);
  translate(gfn, false);
  if (!system_.is_shared(gfn)) throw GuestStopped{};
  auto* base = reinterpret_cast<std::byte*>(system_.words(gfn));  // SAFETY: a page of the mock's memory, as bytes
  const auto number = reinterpret_cast<uintptr_t>(base);           // SAFETY: only compared
  if (bases_.empty() || bases_.back().first != number) bases_.emplace_back(number, uint64_t{gfn} << 12);
  return {reinterpret_cast<volatile T*>(base + (gpa & 0xfff) / sizeof(T) * sizeof(T)), this};  // SAFETY: aligned, in the page
}
template SharedPtr<uint8_t> Hardware::shared(uint64_t gpa);
template SharedPtr<uint16_t> Hardware::shared(uint64_t gpa);
template SharedPtr<uint32_t> Hardware::shared(uint64_t gpa);
template SharedPtr<uint64_t> Hardware::shared(uint64_t gpa);

void Hardware::before_load(const volatile void* address, size_t size, const Site& site) {
  if (terminated_) act();
  const uint64_t gpa = gpa_of(address);
  step();
  Seen& word = seen_[gpa / 8];
  const auto bytes = static_cast<uint8_t>(((1u << size) - 1) << (gpa % 8));
  if (word.exchange == exchange_ && (word.bytes & bytes) != 0) second_load(site);
  hypervisor_.before_load();
  // The word that the load is about to take: the frame may have become another page since its address was translated.
  const uint64_t word_now = *reinterpret_cast<const volatile uint64_t*>(reinterpret_cast<uintptr_t>(address) & ~uintptr_t{7});  // SAFETY: aligned, within the mock's page
  uint64_t value = word_now >> (gpa % 8 * 8);
  if (size < 8) value &= (uint64_t{1} << (size * 8)) - 1;
  const uint8_t before = word.exchange == exchange_ ? word.bytes : uint8_t{0};
  word = {exchange_, static_cast<uint8_t>(before | bytes), word_now};
  if (ledger().on) ledger().record(site, hypervisor_.lied_at(gpa), value);
}

void Hardware::before_exchange(const volatile void* address, size_t, const Site& site) {
  if (terminated_) act();
  const uint64_t gpa = gpa_of(address);
  step();
  hypervisor_.before_load();
  const uint64_t value = system_.word(gpa) >> (gpa % 8 * 8);
  ledger().record(site, true, value);  // whatever is pending is the hypervisor's word
  if (gpa == uint64_t{frames::doorbell} << 12) doorbell_taken.push_back(value & 0xffff), doorbell_owed = false;
}

void Hardware::after_store(volatile void* address, size_t size) {
  act();
  const uint64_t gpa = gpa_of(address);
  if (gpa >> 12 == opaque_gfn && opaque_gfn != 0) opaque_stores_.emplace_back(gpa, system_.word(gpa));
  if (gpa >> 12 == frames::ghcb || gpa >> 12 == frames::ghcb_of_ap) written_words_[(gpa & 0xfff) / 8] = system_.word(gpa);
  if (gpa >> 12 == hypervisor_.ghcb_frame()) writing_ = writing_page_ = true;
  const bool opaque = gpa >> 12 == opaque_gfn && opaque_gfn != 0;
  mix((gpa * 16 + size) ^ (opaque ? 0 : system_.word(gpa) * 0x9e37'79b9'7f4a'7c15));
  step();
}

uint64_t Hardware::seen(uint64_t gpa) const {
  const Seen& word = seen_[gpa / 8];
  if (word.exchange == exchange_ && word.bytes != 0) return word.value;
  return system_.word(gpa);
}

void Hardware::interrupt(const std::function<void()>& handler) {
  if (!handler || terminated_) return;
  Frame aside{exchange_, open_exit_, writing_, writing_page_, must_end_, psc_open_, why_, request_, exit_code_, asked_info_1_, asked_current_, asked_end_};
  forget_loads();
  const bool busy = open_exit_ || writing_, page_busy = (open_exit_ && (request_ & 0xfff) == 0) || writing_page_;
  open_exit_ = must_end_ = psc_open_ = writing_ = writing_page_ = false;
  // A request that has not gone out is as good put back as the guest wrote it, whatever the hypervisor made of it.
  const uint64_t msr = hypervisor_.msr, request_msr = aside.writing ? written_msr_ : msr;
  const uint32_t lies = hypervisor_.lies();
  std::array<uint64_t, words_of_page> page;
  Seen* const seen_of_page = &seen_[uint64_t{frames::ghcb} * words_of_page];
  // What the code that is interrupted has stored stays what it asks for: the handler puts back whatever it has found there.
  const auto written_before = written_words_;
  const std::vector<Seen> seen_before(seen_of_page, seen_of_page + words_of_page);
  const bool has_page = mapped_encrypted(frames::ghcb) == false;
  if (has_page) std::copy_n(system_.words(frames::ghcb), page.size(), page.begin());
  handler();
  settle();
  if (must_end_) violate("answer", "the guest ends", std::string("its handler went on after ") + why_);
  if (busy && lies == hypervisor_.lies()) {
    if (hypervisor_.msr != msr && hypervisor_.msr != request_msr) violate("nested", "a handler leaves the GHCB MSR as it found it", "another value in it");
    if (has_page && page_busy && !std::equal(page.begin(), page.end(), system_.words(frames::ghcb))) violate("nested", "a handler leaves the GHCB as it found it", "another request in it");
  }
  exchange_ = aside.exchange;
  std::ranges::copy(seen_before, seen_of_page);
  written_words_ = written_before;
  open_exit_ = aside.open_exit, writing_ = aside.writing, writing_page_ = aside.writing_page, must_end_ = aside.must_end, psc_open_ = aside.psc_open, why_ = aside.why;
  request_ = aside.request, exit_code_ = aside.exit_code, asked_info_1_ = aside.asked_info_1, asked_current_ = aside.asked_current, asked_end_ = aside.asked_end;
}

void Hardware::deliver(const Act& given) {
  if (given.kind == ActKind::signal || given.kind == ActKind::post) {
    if (mapped_encrypted(frames::doorbell)) return;
    uint64_t& word = system_.word(uint64_t{frames::doorbell} << 12);
    // An honest doorbell's protocol: signalled only where the guest has not asked for quiet.
    word = (word & ~uint64_t{0xffff}) | (given.a & 0xffff);
    if (given.kind == ActKind::signal) doorbell_owed = true, interrupt(entries.on_hv);
    return;
  }
  if (given.kind == ActKind::trap && entries.on_vc) {
    interrupt([&] { entries.on_vc(given.a); });
  } else if (given.kind == ActKind::start && entries.on_start) {
    const auto gfn = static_cast<uint32_t>(given.a % guest_frames);
    const RmpEntry& entry = system_.rmp(system_.npt(gfn).spa);
    // VMRUN takes a page that is processor state of ours, and is not running already.
    if (!entry.vmsa || entry.gfn != gfn || std::ranges::find(running, gfn) != running.end()) return;
    running.push_back(gfn);
    interrupt([&] { entries.on_start(gfn); });
  } else if (given.kind == ActKind::replay && !mapped_encrypted(frames::response)) {
    if (secure_processor_.replay(given.a, system_.words(frames::response))) hypervisor_.lied_page(frames::response);
  } else if (given.kind == ActKind::damage && !mapped_encrypted(frames::response)) {
    system_.words(frames::response)[given.a / 64 % words_of_page] ^= uint64_t{1} << (given.a % 64);
    hypervisor_.lied_page(frames::response);
  }
}

uint64_t Hardware::load_through(uint64_t gpa, unsigned bit) {
  const uint64_t value = load_private(gpa);
  return bit == c_bit ? value : value ^ stale_pattern;  // without the true bit: ciphertext
}

// The level above: takes the call from its private area, and handles what of a list of pages it likes.
void Hardware::run_svsm() {
  const uint64_t area = uint64_t{frames::calling_area} << 12, list = uint64_t{frames::call_list} << 12;
  if (system_.access(frames::calling_area, Encrypted::yes, Write::yes) != Access::data || (system_.word(area) & 0xff) != 1) return;
  const auto put = [this](uint64_t gpa, uint64_t word) {
    system_.word(gpa) = word;
    std::erase_if(stored_, [gpa](const auto& one) { return one.first == gpa / 8; });
  };
  put(area, 0);
  if (call_rax_ != 1 || call_rcx_ != list) {
    call_rax_ = 0x8000'0002;
    return;
  }
  const uint64_t header = system_.word(list), count = header & 0xffff;
  uint64_t next = header >> 16 & 0xffff;
  for (uint64_t handled = 0; next < count && handled < svsm_entries_max; ++next, ++handled) {
    const uint64_t entry = system_.word(list + 8 + next * 8);
    svsm_validated.emplace_back(entry >> 12, (entry & 4) != 0);
  }
  put(list, count | next << 16);
  call_rax_ = next == count ? 0 : 0x8000'0000;
}

std::optional<uint64_t> Hardware::entropy() {
  act();
  step();
  if (hypervisor_.takes_entropy()) return std::nullopt;
  return (entropy_mark << 32 | 0xf3bc'c908) ^ exit_count_;
}

Untrusted<uint64_t> Hardware::timestamp(const Site* site) {
  act();
  step();
  const uint64_t now = hypervisor_.timestamp();
  ledger().record(*site, true, now);
  return Untrusted<uint64_t>(now);
}

void Hardware::set_interrupts(bool) {
  if (terminated_) return;
  act();
  step();
}

void Hardware::halt() {
  if (!terminated_) {
    act();
    if (doorbell_owed) violate("events", "no halt over an event that was signalled", "a halt");
    return step();
  }
  if (!hypervisor_.resumes()) throw GuestStopped{};
}

}  // namespace cupel::mock_snp
