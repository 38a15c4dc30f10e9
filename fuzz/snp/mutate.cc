#include <algorithm>

#include "fuzz/snp/script.hh"
#include "platforms/mock/chance.hh"
#include "platforms/mock/snp/frames.hh"

namespace cupel::fuzz::snp {

using mock_snp::Act;
using mock_snp::ActKind;
using mock_snp::When;

namespace {

constexpr uint64_t system_frames = 2048;  // beyond them lie system pages that no frame is mapped to at first

class Chooser {
 public:
  Chooser(const Grammar& grammar, uint64_t seed) : grammar_(grammar), state_(seed) {}
  uint64_t next() { return mock::splitmix64(state_); }
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool one_in(uint64_t count) { return below(count) == 0; }
  template <class T>
  T one_of(std::span<const T> all) {
    return all[below(all.size())];
  }

  // Few frames, among them the edges of 2M pages, so that steps and acts meet.
  uint64_t frame() {
    constexpr uint64_t frames[] = {2, 3, 4, 5, 511, 512, 513, 600, 1023, 1024, 1535, 1536, mock_snp::frames::vmsa + 1, mock_snp::frames::bounce};
    return one_in(8) ? below(system_frames) : frames[below(std::size(frames))];
  }
  uint64_t word() {
    constexpr uint64_t interesting[] = {0, 1, 2, 3, 4, 0x80, 0xff, 0x800, 0xfff, 0xffff, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff, 0x1'0000'0000, UINT64_MAX};
    if (!grammar_.likely_words.empty() && one_in(2)) return one_of(grammar_.likely_words);
    if (one_in(2)) return interesting[below(std::size(interesting))];
    return one_in(2) ? uint64_t{1} << below(64) : next();
  }
  GuestStep step() {
    GuestStep made{static_cast<uint8_t>(below(grammar_.steps.size()))};
    const StepDesc& desc = grammar_.steps[made.kind];
    for (size_t index = 0; index < desc.arg_count(); ++index) made.args[index] = argument(desc.args[index]);
    return made;
  }
  uint64_t argument(const ArgDesc& arg) {
    if (!arg.likely.empty() && !one_in(4)) return one_of(arg.likely);
    return arg.bound == 0 ? word() : below(arg.bound);
  }
  Act act();

 private:
  const Grammar& grammar_;
  uint64_t state_;
};

// A place of shared memory that the guest's parts read.
uint64_t shared_place(Chooser& choose) {
  using namespace mock_snp;
  constexpr uint64_t of_ghcb[] = {0x1f8, 0x308, 0x310, 0x318, 0x398, 0x3a0, 0x3f0, 0x3f8, 0x800, 0x808};
  constexpr uint64_t of_queue[] = {0x800, 0x800, 0x808, 0x810, 0x818};
  constexpr uint64_t pages[] = {frames::doorbell, frames::response, frames::certificates, frames::boot, frames::pool, frames::pool};
  switch (choose.below(4)) {
    case 0:
    case 1: return (uint64_t{frames::ghcb} << 12) + (choose.one_in(6) ? choose.below(512) * 8 : of_ghcb[choose.below(std::size(of_ghcb))]);
    case 2: return (uint64_t{frames::queue} << 12) + of_queue[choose.below(std::size(of_queue))];
    default: return (pages[choose.below(std::size(pages))] << 12) + choose.below(choose.one_in(2) ? 16 : 512) * 8;
  }
}

Act Chooser::act() {
  Act made;
  made.when = static_cast<When>(below(mock_snp::when_kinds));
  made.nth = static_cast<uint16_t>(one_in(8) ? below(64) : below(6));
  if (made.when == When::before_step || made.when == When::before_load) made.nth = static_cast<uint16_t>(below(one_in(2) ? 16 : 128));
  made.kind = grammar_.likely_acts.empty() || one_in(3) ? static_cast<ActKind>(below(mock_snp::act_kinds)) : one_of(grammar_.likely_acts);
  switch (made.kind) {
    case ActKind::answer: made.a = one_in(3) ? next() : one_in(2) ? word() : (below(0x102) | below(2) << 63); break;
    case ActKind::flip: made.a = below(64); break;
    case ActKind::remap:
    case ActKind::assign:
      made.a = frame();
      made.b = one_in(2) ? system_frames + below(8) : frame();
      break;
    case ActKind::unassign:
    case ActKind::smash:
    case ActKind::drop:
    case ActKind::keep_line:
    case ActKind::start:
    case ActKind::mark_mmio: made.a = frame(); break;
    case ActKind::write_page: made.a = one_in(2) ? frame() : system_frames + below(8), made.b = next(); break;
    case ActKind::poke: made.a = shared_place(*this), made.b = word(); break;
    case ActKind::invalid: {
      constexpr uint64_t bits[] = {63, 97, 98, 99, 115, 116};
      made.a = one_in(3) ? below(128) : bits[below(std::size(bits))];
      break;
    }
    case ActKind::reg: made.a = below(4), made.b = word(); break;
    case ActKind::damage: made.a = below(one_in(2) ? 0x60 * 8 : 4096 * 8); break;
    case ActKind::no_entropy: made.a = one_in(2) ? below(16) : UINT64_MAX; break;
    default: made.a = one_in(3) ? next() : one_in(2) ? word() : below(4), made.b = next(); break;
  }
  return made;
}

// The lie that keeps a frame's assignment and moves it to another page: two acts that belong together.
void add_double(Script& script, Chooser& choose) {
  const uint64_t frame = script.steps.empty() || choose.one_in(3) ? choose.frame() : script.steps[choose.below(script.steps.size())].args[0] % system_frames;
  const uint64_t page = system_frames + choose.below(64);
  const auto when = static_cast<When>(choose.below(mock_snp::when_kinds));
  const auto nth = static_cast<uint16_t>(choose.below(8));
  script.acts.push_back({when, nth, ActKind::assign, frame, page});
  script.acts.push_back({when, nth, ActKind::remap, frame, page});
}

// The same lie at many exits in a row: what a guest without a bound loops on.
void add_siege(Script& script, Chooser& choose) {
  const Act one = choose.act();
  for (uint16_t nth = 0; nth < 24; ++nth) script.acts.push_back({choose.one_in(2) ? When::before_exit : When::after_exit, nth, choose.one_in(4) ? ActKind::partial : one.kind, one.a, one.b});
}

// One kind of lie, told at a row of exits with another value each time: mostly the first guest to look is the last.
void add_lies(Script& script, Chooser& choose) {
  Act one = choose.act();
  one.when = choose.one_in(2) ? When::after_exit : When::before_load;
  for (uint16_t nth = static_cast<uint16_t>(choose.below(8)), end = static_cast<uint16_t>(nth + 2); nth < end; ++nth) {
    one.nth = nth;
    if (one.kind == ActKind::poke || one.kind == ActKind::reg) one.b = choose.word();
    else if (one.kind != ActKind::invalid) one.a = choose.word();
    script.acts.push_back(one);
  }
}

template <class T>
void drop_one(std::vector<T>& from, Chooser& choose) {
  if (!from.empty()) from.erase(from.begin() + static_cast<ptrdiff_t>(choose.below(from.size())));
}

}  // namespace

// Mostly a legal life with one lie; sometimes anything.
Script generate(const Grammar& grammar, uint64_t seed) {
  Chooser choose(grammar, seed);
  Script script;
  for (uint64_t count = 1 + choose.below(6); count > 0; --count) {
    const GuestStep step = choose.step();
    script.steps.push_back(step);
    if (choose.one_in(3)) {
      GuestStep again = choose.step();  // another operation on the same thing
      again.args[0] = step.args[0];
      if (choose.one_in(2)) again.args[1] = step.args[1];
      script.steps.push_back(again);
    }
  }
  if (choose.one_in(4)) add_double(script, choose);
  if (choose.one_in(12)) add_siege(script, choose);
  if (choose.one_in(3)) add_lies(script, choose);
  for (uint64_t count = choose.one_in(3) ? choose.below(6) : choose.below(2); count > 0; --count) script.acts.push_back(choose.act());
  normalise(grammar, script);
  return script;
}

namespace {

// Long scripts run slowly, and most of what they do is over once the guest has ended: a few of them are enough.
void keep_short(Script& script, Chooser& choose) {
  constexpr size_t steps_wanted = 10, acts_wanted = 12;
  if (choose.one_in(16)) return;
  while (script.steps.size() > steps_wanted) drop_one(script.steps, choose);
  const bool siege = script.acts.size() >= 24 && choose.one_in(2);
  while (!siege && script.acts.size() > acts_wanted) drop_one(script.acts, choose);
}

}  // namespace

void mutate(const Grammar& grammar, Script& script, uint64_t seed) {
  Chooser choose(grammar, seed);
  // Whoever only changes what is there stays near it.
  if (choose.one_in(8) || script.steps.empty()) {
    script = generate(grammar, choose.next());
    return;
  }
  for (uint64_t changes = 1 + choose.below(3); changes > 0; --changes) {
    switch (choose.below(10)) {
      case 0: script.steps.insert(script.steps.begin() + static_cast<ptrdiff_t>(choose.below(script.steps.size() + 1)), choose.step()); break;
      case 1: drop_one(script.steps, choose); break;
      case 2:
        if (!script.steps.empty()) script.steps[choose.below(script.steps.size())] = choose.step();
        break;
      case 3:
        if (!script.steps.empty()) {
          GuestStep step = choose.step();
          step.args = script.steps.back().args;
          script.steps.push_back(step);
        }
        break;
      case 4: drop_one(script.acts, choose); break;
      case 5: add_double(script, choose); break;
      case 6:
        if (!script.acts.empty()) {
          Act& act = script.acts[choose.below(script.acts.size())];
          if (choose.one_in(2)) act.nth = static_cast<uint16_t>(choose.below(16));
          else act.a ^= uint64_t{1} << choose.below(64);
        }
        break;
      case 7:
        if (choose.one_in(4)) add_siege(script, choose);
        break;
      case 8:
        if (!script.steps.empty()) {
          GuestStep& step = script.steps[choose.below(script.steps.size())];
          const StepDesc& desc = grammar.steps[step.kind];
          if (desc.arg_count() > 0) {
            const size_t which = choose.below(desc.arg_count());
            step.args[which] = choose.argument(desc.args[which]);
          }
        }
        break;
      default: script.acts.push_back(choose.act()); break;
    }
  }
  keep_short(script, choose);
  normalise(grammar, script);
}

Script cross(const Grammar& grammar, const Script& first, const Script& second, uint64_t seed) {
  Chooser choose(grammar, seed);
  Script script = first;
  if (choose.one_in(2)) script.acts = second.acts;
  else script.acts.insert(script.acts.end(), second.acts.begin(), second.acts.end());
  keep_short(script, choose);
  normalise(grammar, script);
  return script;
}

std::vector<Script> simpler(const Grammar& grammar, const Script& script) {
  std::vector<Script> all;
  const auto add = [&](auto change) {
    Script candidate = script;
    change(candidate);
    normalise(grammar, candidate);
    if (!(candidate == script)) all.push_back(std::move(candidate));
  };
  const auto drop_parts = [&](auto member, size_t count) {
    for (size_t part = count / 2; part >= 1; part /= 2) {
      for (size_t first = 0; first + part <= count; first += part) {
        add([&](Script& s) { (s.*member).erase((s.*member).begin() + static_cast<ptrdiff_t>(first), (s.*member).begin() + static_cast<ptrdiff_t>(first + part)); });
      }
    }
    if (count == 1) add([&](Script& s) { (s.*member).clear(); });
  };
  drop_parts(&Script::acts, script.acts.size());
  drop_parts(&Script::steps, script.steps.size());
  for (size_t index = 0; index < script.steps.size(); ++index) {
    for (size_t arg = 0; arg < args_max; ++arg) {
      if (script.steps[index].args[arg] > 1) add([&](Script& s) { s.steps[index].args[arg] /= 2; });
      if (script.steps[index].args[arg] > 0) add([&](Script& s) { s.steps[index].args[arg] = 0; });
    }
  }
  for (size_t index = 0; index < script.acts.size(); ++index) {
    if (script.acts[index].b != 0) add([&](Script& s) { s.acts[index].b = 0; });
    if (script.acts[index].a > 1) add([&](Script& s) { s.acts[index].a /= 2; });
  }
  return all;
}

}  // namespace cupel::fuzz::snp
