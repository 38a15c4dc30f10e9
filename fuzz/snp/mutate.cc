// Scripts from nothing, and from others.
#include <algorithm>

#include "fuzz/snp/chooser.hh"

namespace cupel::fuzz::snp {

using mock_snp::Act;

// Few frames, among them the edges of 2M pages, so that steps and acts meet.
uint64_t Chooser::frame() {
  constexpr uint64_t all[] = {2, 3, 4, 5, 511, 512, 513, 600, 1023, 1024, 1535, 1536, mock_snp::frames::vmsa + 1, mock_snp::frames::bounce};
  return one_in(8) ? below(system_frames) : one_of(all);
}

uint64_t Chooser::word() {
  constexpr uint64_t interesting[] = {0, 1, 2, 3, 4, 0x80, 0xff, 0x800, 0xfff, 0xffff, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff, 0x1'0000'0000, UINT64_MAX};
  if (!grammar_.likely_words.empty() && one_in(2)) return one_of(grammar_.likely_words);
  if (one_in(2)) return one_of(interesting);
  return one_in(2) ? uint64_t{1} << below(64) : next();
}

uint64_t Chooser::argument(const ArgDesc& arg) {
  if (!arg.likely.empty() && !one_in(4)) return one_of(arg.likely);
  return arg.bound == 0 ? word() : below(arg.bound);
}

GuestStep Chooser::step() {
  uint64_t all = 0;
  for (const StepDesc& desc : grammar_.steps) all += desc.weight;
  GuestStep made;
  for (uint64_t left = below(all); left >= grammar_.steps[made.kind].weight; ++made.kind) left -= grammar_.steps[made.kind].weight;
  const StepDesc& desc = grammar_.steps[made.kind];
  const bool shown = !desc.examples.empty() && !one_in(4);
  if (shown) made.args = one_of(desc.examples);
  const uint64_t changed = shown ? below(2 * desc.arg_count()) : 0;
  for (size_t index = 0; index < desc.arg_count(); ++index) {
    if (!shown || index == changed) made.args[index] = argument(desc.args[index]);
  }
  return made;
}

namespace {

template <class T>
void drop_one(std::vector<T>& from, Chooser& choose) {
  if (!from.empty()) from.erase(from.begin() + static_cast<ptrdiff_t>(choose.below(from.size())));
}

}  // namespace

// Mostly a legal life with one lie; sometimes anything.
Script generate(const Grammar& grammar, uint64_t seed) {
  Chooser choose(grammar, seed);
  Script script;
  if (grammar.opening && !choose.one_in(4)) script.steps.push_back({*grammar.opening});
  // Often all is about two things, so that what was done to one is there when it is used.
  const bool few = choose.one_in(2);
  const uint64_t first_things[] = {choose.step().args[0], choose.step().args[0]};
  for (uint64_t count = 1 + choose.below(6); count > 0; --count) {
    GuestStep step = choose.step();
    if (few && grammar.steps[step.kind].examples.empty()) step.args[0] = choose.one_of(first_things);
    script.steps.push_back(step);
    if (choose.one_in(3)) {
      GuestStep again = choose.step();  // another operation on the same thing
      again.args[0] = step.args[0];
      if (choose.one_in(2)) again.args[1] = step.args[1];
      script.steps.push_back(again);
    }
  }
  if (choose.one_in(3)) add_tale(script, choose);
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
      case 5: add_tale(script, choose); break;
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
