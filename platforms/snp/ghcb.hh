#pragma once
#include <span>

#include "platforms/snp/core.hh"
#include "platforms/snp/ghcb_layout.hh"

// The GHCB page of one vCPU, and the exchange of one event through it.
namespace cupel::snp {

struct Registers {
  uint64_t rax = 0, rbx = 0, rcx = 0, rdx = 0;
};

// One event: what is asked. `extra_in` and `extra_out` are what its direction adds to its contract.
struct Request {
  ghcb::Event event;
  uint64_t info_1 = 0, info_2 = 0;
  Registers in = {};
  uint64_t cpl = 0, xcr0 = 0, xss = 0;
  ghcb::Fields extra_in = 0, extra_out = 0;
  std::span<const uint64_t> give = {};   // into the shared buffer, before
  std::span<uint64_t> take = {};         // out of it, afterwards
  bool info_2_returned = false;          // EXITINFO2 is an output, to be judged by the caller
};
// What came back, all of it copied once. Registers that are no outputs of the event are 0.
struct Answer {
  ghcb::Raised raised = ghcb::Raised::none;
  uint64_t info_2 = 0;
  Registers out = {};
};

template <SnpHardware Hardware>
class Ghcb {
 public:
  explicit Ghcb(Core<Hardware>& core) : core_(core) {}

  // Once, before its first use: nothing of what the page held before is left for the hypervisor to see.
  void clear_page();
  // Exchanges one event. Whatever is wrong with the answer's form ends the machine.
  Answer exchange(const Request& request);
  Core<Hardware>& core() { return core_; }

 private:
  struct Backup {
    std::array<uint64_t, ghcb::page_size / 8> page;
    uint64_t buffer_used;
    ghcb::Fields used;
  };
  SharedPtr<uint64_t> word(uint64_t offset) { return core_.hardware.shared64(core_.ghcb_gpa() + offset); }
  SharedPtr<uint64_t> field(ghcb::Field name) { return word(ghcb::offset_of(name)); }
  void enter();
  void leave();
  void save(Backup& backup);
  void restore(const Backup& backup);
  void write_request(const Request& request, ghcb::Fields in);
  void write_field(ghcb::Fields in, ghcb::Field name, uint64_t value);
  Answer read_answer(const Request& request, ghcb::Fields out);
  void judge_words(const Request& request, Answer& answer, uint64_t info_1);
  uint64_t output(const ghcb::Bitmap& valid, ghcb::Fields out, ghcb::Field name);

  Core<Hardware>& core_;
  unsigned depth_ = 0;
  struct OuterMsr {
    bool kept = false;
    typename Core<Hardware>::Asked msr = {};  // what is yet to be asked, or the answer, which waits for nothing
  };
  std::array<OuterMsr, 2> outer_{};
  Backup backup_ = {};
  uint64_t buffer_used_ = 0;  // words that hold something of ours
  ghcb::Fields used_ = 0;     // fields that do
};

template <SnpHardware Hardware>
void Ghcb<Hardware>::clear_page() {
  for (uint64_t offset = 0; offset < ghcb::page_size; offset += 8) word(offset).write(0);
}

template <SnpHardware Hardware>
void Ghcb<Hardware>::save(Backup& backup) {
  const auto any = [](uint64_t value) { return value <= UINT64_MAX; };  // put back as it is, and judged by whom it belongs to
  for (uint64_t index = 0; index < backup.page.size(); ++index) {
    backup.page[index] = word(index * 8).read_once(SITE("ghcb.backup", "put back unread")).checked(any).value_or(0);
  }
  backup.used = used_, backup.buffer_used = buffer_used_;
}

template <SnpHardware Hardware>
void Ghcb<Hardware>::restore(const Backup& backup) {
  for (uint64_t index = 0; index < backup.page.size(); ++index) word(index * 8).write(backup.page[index]);
  used_ = backup.used, buffer_used_ = backup.buffer_used;
}

// An exception may come in the middle of an exchange, and its handler needs the page as well: one such level is kept and
// put back, a second one is no honest machine.
template <SnpHardware Hardware>
void Ghcb<Hardware>::enter() {
  core_.require(depth_ < 2, Reason::nesting);
  outer_[depth_] = {core_.msr_busy() || depth_ == 1, core_.asked()};
  OuterMsr& outer = outer_[depth_];
  if (outer.kept && !outer.msr.waiting) outer.msr.word = core_.hardware.read_ghcb_msr(SITE("ghcb.backup_msr", "put back unread")).clamped(0, UINT64_MAX);
  if (depth_ == 1) {
    save(backup_);
    // Whatever of the outer request is in the page by now is none of the inner one's inputs: all of it is overwritten.
    used_ = static_cast<ghcb::Fields>((1u << ghcb::field_count) - 1);
    buffer_used_ = ghcb::buffer_words;
  }
  ++depth_;
}
template <SnpHardware Hardware>
void Ghcb<Hardware>::leave() {
  --depth_;
  if (depth_ == 1) restore(backup_);
  if (outer_[depth_].kept) core_.put_back(outer_[depth_].msr);
}

template <SnpHardware Hardware>
void Ghcb<Hardware>::write_field(ghcb::Fields in, ghcb::Field name, uint64_t value) {
  if (ghcb::has(in, name)) field(name).write(value);
  else if (ghcb::has(used_, name)) field(name).write(0);  // an earlier event's, none of this one's business
}

template <SnpHardware Hardware>
void Ghcb<Hardware>::write_request(const Request& request, ghcb::Fields in) {
  word(ghcb::valid_low).write(0);
  word(ghcb::valid_high).write(0);
  write_field(in, ghcb::Field::rax, request.in.rax);
  write_field(in, ghcb::Field::rbx, request.in.rbx);
  write_field(in, ghcb::Field::rcx, request.in.rcx);
  write_field(in, ghcb::Field::rdx, request.in.rdx);
  write_field(in, ghcb::Field::xcr0, request.xcr0);
  write_field(in, ghcb::Field::xss, request.xss);
  write_field(in, ghcb::Field::scratch, core_.ghcb_gpa() + ghcb::buffer);
  write_field(in, ghcb::Field::exit_code, static_cast<uint64_t>(request.event));
  write_field(in, ghcb::Field::info_1, request.info_1);
  write_field(in, ghcb::Field::info_2, request.info_2);
  if (ghcb::has(in, ghcb::Field::cpl) || ghcb::has(used_, ghcb::Field::cpl)) core_.hardware.shared8(core_.ghcb_gpa() + ghcb::offset_of(ghcb::Field::cpl)).write(static_cast<uint8_t>(ghcb::has(in, ghcb::Field::cpl) ? request.cpl : 0));
  const uint64_t count = request.give.size();
  for (uint64_t index = 0; index < count; ++index) word(ghcb::buffer + index * 8).write(request.give[index]);
  for (uint64_t index = count; index < buffer_used_; ++index) word(ghcb::buffer + index * 8).write(0);
  buffer_used_ = count > request.take.size() ? count : request.take.size();
  // The hypervisor leaves registers in all of these.
  used_ = static_cast<ghcb::Fields>(in | ghcb::fields(ghcb::Field::rax, ghcb::Field::rbx, ghcb::Field::rcx, ghcb::Field::rdx));
  core_.hardware.shared16(core_.ghcb_gpa() + ghcb::version).write(static_cast<uint16_t>(msr::version));
  core_.hardware.shared32(core_.ghcb_gpa() + ghcb::usage).write(0);
  const ghcb::Bitmap valid = ghcb::bitmap_of(in);
  word(ghcb::valid_low).write(valid.low);
  word(ghcb::valid_high).write(valid.high);
  core_.ask(core_.ghcb_gpa());
}

template <SnpHardware Hardware>
uint64_t Ghcb<Hardware>::output(const ghcb::Bitmap& valid, ghcb::Fields out, ghcb::Field name) {
  if (!ghcb::has(out, name)) return 0;
  const ghcb::Bitmap bit = ghcb::bitmap_of(ghcb::set_of(name));
  core_.require((valid.low & bit.low) == bit.low && (valid.high & bit.high) == bit.high, Reason::outputs_missing);
  const auto any = [](uint64_t value) { return value <= UINT64_MAX; };
  return field(name).read_once(SITE("ghcb.register", "its valid bit is set; the event's own rule judges the value")).checked(any).value_or(0);
}

// EXITINFO1: 0 is done, 1 an event to raise, 2 a request found wrong; its upper half and anything else mean nothing we know.
template <SnpHardware Hardware>
void Ghcb<Hardware>::judge_words(const Request& request, Answer& answer, uint64_t info_1) {
  if (info_1 == 1) {
    core_.require(ghcb::event_accepted(answer.info_2), Reason::exit_event);
    answer.raised = static_cast<ghcb::Raised>(answer.info_2 & 0xff);
    return;
  }
  core_.require(info_1 == 0, Reason::exit_refused);
  core_.require(request.info_2_returned || answer.info_2 == 0, Reason::exit_refused);
}

template <SnpHardware Hardware>
Answer Ghcb<Hardware>::read_answer(const Request& request, ghcb::Fields out) {
  const auto any = [](uint64_t value) { return value <= UINT64_MAX; };
  const ghcb::Bitmap valid{word(ghcb::valid_low).read_once(SITE("ghcb.valid_low", "the outputs' bits are set")).checked(any).value_or(0),
                           word(ghcb::valid_high).read_once(SITE("ghcb.valid_high", "the outputs' bits are set, and it is not what we wrote")).checked(any).value_or(0)};
  const auto info_1 = field(ghcb::Field::info_1).read_once(SITE("ghcb.info_1", "0 or 1", "an_answer_raises_two_exceptions_at_most")).checked([](uint64_t value) { return value <= 1; });
  core_.require(info_1.has_value(), Reason::exit_refused);
  Answer answer;
  answer.info_2 = field(ghcb::Field::info_2).read_once(SITE("ghcb.info_2", "0, an accepted event, or the event's own error word", "an_answer_raises_two_exceptions_at_most")).checked(any).value_or(0);
  const ghcb::Bitmap words = ghcb::bitmap_of(ghcb::fields(ghcb::Field::info_1, ghcb::Field::info_2));
  const ghcb::Bitmap ours = ghcb::bitmap_of(ghcb::fields(ghcb::Field::exit_code));
  core_.require((valid.high & words.high) == words.high && (valid.high & ours.high) == 0, Reason::unserviced);
  judge_words(request, answer, *info_1);
  if (answer.raised != ghcb::Raised::none) return answer;
  answer.out = {output(valid, out, ghcb::Field::rax), output(valid, out, ghcb::Field::rbx), output(valid, out, ghcb::Field::rcx), output(valid, out, ghcb::Field::rdx)};
  for (uint64_t index = 0; index < request.take.size(); ++index) {
    request.take[index] = word(ghcb::buffer + index * 8).read_once(SITE("ghcb.buffer", "the event's own rule", "page_state_progress_is_believed_exactly_between_here_and_the_end")).checked(any).value_or(0);
  }
  return answer;
}

template <SnpHardware Hardware>
Answer Ghcb<Hardware>::exchange(const Request& request) {
  const ghcb::Contract* contract = ghcb::contract_of(request.event);
  core_.require(contract != nullptr && request.give.size() <= ghcb::buffer_words && request.take.size() <= ghcb::buffer_words, Reason::general);
  const bool interrupts = core_.set_interrupts(false);
  enter();
  write_request(request, static_cast<ghcb::Fields>(ghcb::always | contract->in | request.extra_in));
  core_.exit();
  const Answer answer = read_answer(request, static_cast<ghcb::Fields>(contract->out | request.extra_out));
  leave();
  core_.set_interrupts(interrupts);
  return answer;
}

}  // namespace cupel::snp
