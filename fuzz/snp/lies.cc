// What hypervisors say: single acts with operands that mean something, and tales of several.
#include "fuzz/snp/chooser.hh"

namespace cupel::fuzz::snp {

using mock_snp::Act;
using mock_snp::ActKind;
using mock_snp::When;
namespace frames = mock_snp::frames;

namespace {

constexpr uint64_t ghcb_gpa = uint64_t{frames::ghcb} << 12, queue_gpa = uint64_t{frames::queue} << 12;

// A place of shared memory that the guest's parts read.
uint64_t shared_place(Chooser& choose) {
  constexpr uint64_t of_ghcb[] = {0x1f8, 0x308, 0x310, 0x318, 0x398, 0x3a0, 0x3f0, 0x3f8, 0x800, 0x808};
  constexpr uint64_t of_queue[] = {0x800, 0x800, 0x808, 0x810, 0x818};
  constexpr uint64_t pages[] = {frames::doorbell, frames::response, frames::certificates, frames::boot, frames::pool, frames::pool};
  switch (choose.below(4)) {
    case 0:
    case 1: return ghcb_gpa + (choose.one_in(6) ? choose.below(512) * 8 : choose.one_of(of_ghcb));
    case 2: return queue_gpa + choose.one_of(of_queue);
    default: return (choose.one_of(pages) << 12) + choose.below(choose.one_in(2) ? 16 : 512) * 8;
  }
}

// An answer of the MSR protocol that has the right form, and perhaps the wrong content.
uint64_t msr_answer(Chooser& choose) {
  constexpr uint64_t c_bits[] = {51, 51, 50, 47, 0, 63};
  switch (choose.below(7)) {
    case 0: return choose.below(4) << 48 | choose.below(4) << 32 | choose.one_of(c_bits) << 24 | 0x001;
    case 1: return choose.word() << 32 | choose.below(4) << 30 | 0x005;
    case 2: return choose.below(2) << 12 | 0x007;
    case 3: return (choose.one_in(2) ? uint64_t{frames::ghcb} : choose.one_in(2) ? choose.frame() : 0xf'ffff'ffff'ffff) << 12 | 0x013;
    case 4: return (choose.one_in(2) ? uint64_t{1} << choose.below(64) : choose.below(4)) << 12 | 0x015;
    case 5: return (choose.one_in(2) ? uint64_t{1} << choose.below(52) : choose.below(4)) << 12 | 0x017;
    default: return (choose.below(16) | choose.one_of({uint64_t{0}, uint64_t{1} << 5, uint64_t{1} << 9})) << 12 | 0x081;
  }
}

// A frame that the script is about, if it is about any.
uint64_t frame_of(const Script& script, Chooser& choose) {
  return script.steps.empty() || choose.one_in(4) ? choose.frame() : script.steps[choose.below(script.steps.size())].args[0] % system_frames;
}

// An event to raise, with at most one of its parts not as it may be (GHCB specification 56421: vector, type 3, valid).
uint64_t event_word(Chooser& choose) {
  uint64_t vector = choose.one_in(2) ? 6 : 13, type = 3, valid = 1, rest = 0;
  switch (choose.below(6)) {
    case 0:
    case 1: vector = choose.below(choose.one_in(4) ? 256 : 32); break;
    case 2: type = choose.below(8); break;
    case 3: valid = 0; break;
    case 4: rest = uint64_t{1} << choose.below(64); break;
    default: break;
  }
  return vector | type << 8 | valid << 31 | rest;
}

}  // namespace

Act Chooser::act() {
  if (grammar_.vocabulary->act != nullptr) return grammar_.vocabulary->act(*this);
  Act made;
  made.when = static_cast<When>(below(mock_snp::when_kinds));
  made.nth = static_cast<uint16_t>(one_in(8) ? below(64) : below(6));
  if (made.when == When::before_step || made.when == When::before_load) made.nth = static_cast<uint16_t>(below(one_in(2) ? 16 : 128));
  made.kind = grammar_.likely_acts.empty() || one_in(3) ? static_cast<ActKind>(below(mock_snp::act_kinds)) : one_of(grammar_.likely_acts);
  switch (made.kind) {
    case ActKind::answer: made.a = one_in(4) ? next() : one_in(4) ? word() : msr_answer(*this); break;
    case ActKind::flip: made.a = below(64); break;
    case ActKind::splice: made.a = one_of({uint64_t{0}, uint64_t{12}, uint64_t{24}, uint64_t{32}, uint64_t{48}}), made.b = below(4); break;
    case ActKind::serve: made.a = 1 + below(3), made.b = next(); break;
    case ActKind::remap:
    case ActKind::assign:
      made.a = frame();
      made.b = one_in(2) ? system_frames + below(8) : frame();
      break;
    case ActKind::unassign:
    case ActKind::smash:
    case ActKind::drop:
    case ActKind::read_only:
    case ActKind::mark_mmio: made.a = frame(); break;
    case ActKind::start: made.a = one_in(2) ? frame() : word(); break;
    case ActKind::write_page: made.a = one_in(2) ? frame() : system_frames + below(8), made.b = next(); break;
    case ActKind::poke: made.a = shared_place(*this), made.b = word(); break;
    case ActKind::info_2: made.a = one_in(3) ? event_word(*this) : word(); break;
    case ActKind::invalid: {
      constexpr uint64_t bits[] = {63, 97, 98, 99, 115, 116};
      made.a = one_in(3) ? below(128) : one_of(bits);
      break;
    }
    case ActKind::reg: made.a = below(4), made.b = word(); break;
    case ActKind::damage: made.a = below(one_in(2) ? 0x60 * 8 : 4096 * 8); break;
    case ActKind::no_entropy: made.a = one_in(2) ? below(16) : UINT64_MAX; break;
    default: made.a = one_in(3) ? next() : one_in(2) ? word() : below(4), made.b = next(); break;
  }
  return made;
}

void add_tale(Script& script, Chooser& choose) {
  if (choose.grammar().vocabulary->tale != nullptr) return choose.grammar().vocabulary->tale(script, choose);
  if (choose.grammar().vocabulary != &snp_vocabulary) return;
  const auto nth = static_cast<uint16_t>(choose.below(choose.one_in(2) ? 3 : 8));
  const auto loads = static_cast<uint16_t>(choose.below(choose.one_in(2) ? 8 : 96));
  constexpr uint16_t loads_of_exit = 5;  // two words of valid bits, two of the answer, and one that was asked for
  const auto on_pages = [&] { return choose.one_in(3) ? static_cast<When>(choose.below(mock_snp::when_kinds)) : choose.one_in(2) ? When::before_pvalidate : When::before_step; };
  const auto tell = [&](When when, ActKind kind, uint64_t a, uint64_t b = 0) { script.acts.push_back({when, when == When::before_load || when == When::before_step ? loads : nth, kind, a, b}); };
  const std::span<const Tale> likely = choose.grammar().likely_tales;
  switch (likely.empty() || choose.one_in(3) ? static_cast<Tale>(choose.below(tales)) : choose.one_of(likely)) {
    case Tale::exchanged_page: {
      const uint64_t frame = frame_of(script, choose), page = system_frames + choose.below(64);
      const When when = on_pages();
      tell(when, ActKind::assign, frame, page);
      tell(when, ActKind::remap, frame, page);
      break;
    }
    case Tale::own_page: {
      const When when = on_pages();
      const uint64_t frame = frame_of(script, choose);
      if (choose.one_in(2)) tell(when, ActKind::remap, frame, frame_of(script, choose));
      else tell(when, ActKind::write_page, frame, choose.next());
      break;
    }
    case Tale::exception:
      tell(When::after_exit, ActKind::info_1, 1);
      tell(When::after_exit, ActKind::info_2, event_word(choose));
      break;
    case Tale::device: {
      // What the head of an answer says, of how many bytes follow.
      if (choose.one_in(4)) {
        const uint64_t slot = (uint64_t{frames::pool} << 12) + choose.below(2) * 1024, said = choose.one_in(3) ? choose.word() : choose.below(0x2000);
        script.acts.push_back({When::after_exit, static_cast<uint16_t>(choose.below(4)), ActKind::poke, slot, said << 32});
        break;
      }
      const uint64_t done = choose.one_in(4) ? choose.word() : 1 + choose.below(3), id = choose.below(choose.one_in(4) ? 10 : 3), length = choose.one_in(3) ? choose.word() & 0xffff'ffff : choose.below(1100);
      // Right at its start, so that all that is looked at later is of its making; or when it is looked at.
      const bool early = choose.one_in(2);
      const auto put = [&](uint64_t at, uint64_t value) { script.acts.push_back({early ? When::after_exit : When::before_load, early ? uint16_t{0} : loads, ActKind::poke, queue_gpa + at, value}); };
      put(0x800, done);
      put(0x808, id | length << 32);
      if (choose.one_in(2)) put(0x810, choose.below(4) | choose.word() << 32);
      break;
    }
    case Tale::unserved:
      tell(When::before_exit, ActKind::ignore, 0);
      tell(When::after_exit, ActKind::info_1, 0);
      tell(When::after_exit, ActKind::info_2, 0);
      tell(When::after_exit, ActKind::poke, ghcb_gpa + 0x3f8, uint64_t{3} << (115 - 64) | (choose.one_in(2) ? uint64_t{7} << (97 - 64) : 0));
      if (!choose.one_in(4)) tell(When::after_exit, ActKind::replay, choose.below(4));
      break;
    case Tale::starts:
      for (uint64_t count = 2 + choose.below(2); count > 0; --count) tell(When::after_exit, ActKind::start, choose.one_in(4) ? choose.frame() : choose.word() % system_frames);
      break;
    case Tale::words: {
      const uint64_t place = choose.one_in(3) ? uint64_t{frames::certificates} << 12 | choose.below(128) * 8 : shared_place(choose);
      const auto when = choose.one_in(2) ? When::after_exit : When::before_load;
      for (uint64_t word = 0; word < 4; ++word) tell(when, ActKind::poke, place + word * 8, choose.next());
      break;
    }
    case Tale::msr:
      tell(choose.one_in(4) ? When::before_exit : When::after_exit, ActKind::splice, choose.one_of({uint64_t{0}, uint64_t{12}, uint64_t{24}, uint64_t{32}, uint64_t{48}}), choose.one_in(2) ? choose.below(4) : choose.next());
      if (choose.one_in(2)) script.acts.push_back({When::before_load, static_cast<uint16_t>(nth * loads_of_exit + choose.below(loads_of_exit)), ActKind::trap, choose.word(), 0});
      break;
    case Tale::registers:
      tell(When::after_exit, ActKind::reg, choose.below(4), choose.word());
      if (choose.one_in(2)) tell(When::after_exit, ActKind::invalid, choose.one_of({uint64_t{63}, uint64_t{97}, uint64_t{98}, uint64_t{99}}));
      break;
  }
}

void add_siege(Script& script, Chooser& choose) {
  if (choose.grammar().vocabulary != &snp_vocabulary) return;
  const Act one = choose.act();
  for (uint16_t nth = 0; nth < 24; ++nth) script.acts.push_back({choose.one_in(2) ? When::before_exit : When::after_exit, nth, choose.one_in(4) ? ActKind::partial : one.kind, one.a, one.b});
}

void add_lies(Script& script, Chooser& choose) {
  if (choose.grammar().vocabulary != &snp_vocabulary) return;
  Act one = choose.act();
  one.when = choose.one_in(2) ? When::after_exit : When::before_load;
  for (uint16_t nth = static_cast<uint16_t>(choose.below(8)), end = static_cast<uint16_t>(nth + 2); nth < end; ++nth) {
    one.nth = nth;
    if (one.kind == ActKind::poke || one.kind == ActKind::reg) one.b = choose.word();
    else if (one.kind != ActKind::invalid) one.a = choose.word();
    script.acts.push_back(one);
  }
}

}  // namespace cupel::fuzz::snp
