#include <algorithm>

#include "fuzz/snp/script.hh"
#include "platforms/mock/chance.hh"

namespace cupel::fuzz::snp {

using mock_snp::Act;
using mock_snp::ActKind;
using mock_snp::When;

namespace {

class Chooser {
 public:
  explicit Chooser(uint64_t seed) : state_(seed) {}
  uint64_t next() { return mock::splitmix64(state_); }
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool one_in(uint64_t count) { return below(count) == 0; }

 private:
  uint64_t state_;
};

// Few frames, among them the edges of 2M pages, so that steps and acts meet.
uint16_t some_frame(Chooser& choose) {
  constexpr uint16_t frames[] = {2, 3, 4, 5, 511, 512, 513, 600, 1023, 1024, 1535, 1536, 2047};
  return choose.one_in(8) ? static_cast<uint16_t>(choose.below(mock_snp::guest_frames)) : frames[choose.below(std::size(frames))];
}

GuestStep some_step(Chooser& choose) {
  constexpr uint16_t counts[] = {1, 1, 1, 2, 3, 8, 253, 254, 300, 512, 513};
  return {static_cast<Operation>(choose.below(operation_kinds)), some_frame(choose), counts[choose.below(std::size(counts))]};
}

Act some_act(Chooser& choose) {
  Act act;
  act.when = static_cast<When>(choose.below(mock_snp::when_kinds));
  act.nth = static_cast<uint16_t>(choose.one_in(8) ? choose.below(64) : choose.below(6));
  act.kind = static_cast<ActKind>(choose.below(mock_snp::act_kinds));
  switch (act.kind) {
    case ActKind::answer: act.a = choose.one_in(2) ? choose.next() : (choose.below(0x102) | choose.below(2) << 63); break;
    case ActKind::flip: act.a = choose.below(64); break;
    case ActKind::remap:
    case ActKind::assign:
      act.a = some_frame(choose);
      act.b = choose.one_in(2) ? mock_snp::guest_frames + choose.below(8) : some_frame(choose);
      break;
    case ActKind::unassign:
    case ActKind::smash:
    case ActKind::drop:
    case ActKind::mark_mmio: act.a = some_frame(choose); break;
    default:
      act.a = choose.one_in(3) ? choose.next() : choose.below(4);
      act.b = choose.next();
      break;
  }
  return act;
}

// The lie that keeps a frame's assignment and moves it to another page: two acts that belong together.
void add_double(Script& script, Chooser& choose) {
  const uint16_t frame = script.steps.empty() ? some_frame(choose) : script.steps[choose.below(script.steps.size())].gfn;
  const uint64_t page = mock_snp::guest_frames + choose.below(64);
  const auto when = static_cast<When>(choose.below(mock_snp::when_kinds));
  const auto nth = static_cast<uint16_t>(choose.below(8));
  script.acts.push_back({when, nth, ActKind::assign, frame, page});
  script.acts.push_back({when, nth, ActKind::remap, frame, page});
}

// The same lie at many exits in a row: what a guest without a bound loops on.
void add_siege(Script& script, Chooser& choose) {
  const Act one = some_act(choose);
  for (uint16_t nth = 0; nth < 24; ++nth) script.acts.push_back({When::before_exit, nth, choose.one_in(2) ? ActKind::partial : one.kind, one.a % 2, one.b});
}

template <class T>
void drop_one(std::vector<T>& from, Chooser& choose) {
  if (!from.empty()) from.erase(from.begin() + static_cast<ptrdiff_t>(choose.below(from.size())));
}

}  // namespace

// Mostly a legal life with one lie; sometimes anything.
Script generate(uint64_t seed) {
  Chooser choose(seed);
  Script script;
  if (!choose.one_in(3)) script.steps.push_back({Operation::negotiate, 0, 1});
  for (uint64_t count = 1 + choose.below(6); count > 0; --count) {
    const GuestStep step = some_step(choose);
    script.steps.push_back(step);
    if (choose.one_in(2)) script.steps.push_back({Operation::share, step.gfn, step.pages});
    if (choose.one_in(3)) script.steps.push_back({Operation::accept, step.gfn, step.pages});
  }
  if (choose.one_in(4)) add_double(script, choose);
  if (choose.one_in(12)) add_siege(script, choose);
  for (uint64_t count = choose.one_in(3) ? choose.below(6) : choose.below(2); count > 0; --count) script.acts.push_back(some_act(choose));
  normalise(script);
  return script;
}

void mutate(Script& script, uint64_t seed) {
  Chooser choose(seed);
  for (uint64_t changes = 1 + choose.below(3); changes > 0; --changes) {
    switch (choose.below(9)) {
      case 0: script.steps.insert(script.steps.begin() + static_cast<ptrdiff_t>(choose.below(script.steps.size() + 1)), some_step(choose)); break;
      case 1: drop_one(script.steps, choose); break;
      case 2:
        if (!script.steps.empty()) script.steps[choose.below(script.steps.size())] = some_step(choose);
        break;
      case 3:
        if (!script.steps.empty()) script.steps.push_back({Operation::share, script.steps.back().gfn, script.steps.back().pages});
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
      default: script.acts.push_back(some_act(choose)); break;
    }
  }
  normalise(script);
}

std::vector<Script> simpler(const Script& script) {
  std::vector<Script> all;
  const auto add = [&](auto change) {
    Script candidate = script;
    change(candidate);
    normalise(candidate);
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
    if (script.steps[index].pages > 1) add([&](Script& s) { s.steps[index].pages /= 2; });
    if (script.steps[index].pages > 1) add([&](Script& s) { s.steps[index].pages = 1; });
  }
  for (size_t index = 0; index < script.acts.size(); ++index) {
    if (script.acts[index].b != 0) add([&](Script& s) { s.acts[index].b = 0; });
    if (script.acts[index].a > 1) add([&](Script& s) { s.acts[index].a /= 2; });
  }
  return all;
}

}  // namespace cupel::fuzz::snp
