// What the normal world does by itself: names, single acts with operands that mean something, and tales of several.
#include "fuzz/optee/optee_target.hh"

namespace cupel::fuzz::optee {
namespace {

using mock_tee::ActKind;
using mock_tee::When;
namespace frames = mock_tee::frames;
using tee::message::size_of;

constexpr std::array<std::string_view, mock_tee::act_kinds> act_names{"poke", "flip", "reply", "answer", "ignore", "replay", "send", "alias"};
constexpr std::array<std::string_view, mock_tee::when_kinds> when_names{"before_load", "before_answer", "after_answer", "before_store"};

mock_snp::Act made(When when, uint64_t nth, ActKind kind, uint64_t a, uint64_t b) {
  return {static_cast<mock_snp::When>(when), static_cast<uint16_t>(nth), static_cast<mock_snp::ActKind>(kind), a, b};
}

// A number with which something ends, or wraps.
uint64_t edge(snp::Chooser& choose) {
  constexpr uint64_t all[] = {0, 1, 2, 4, 5, 6, 7, 31, 63, 64, 65, 127, 128, 0x20a, 4095, 4096, 4097, 64 * 4096, 48 * 4096, 52 * 4096, 60 * 4096, 0xffff'ffff, 0x8000'0000, 1'000'000'000, UINT64_MAX, UINT64_MAX - 4095};
  return choose.one_in(3) ? choose.next() : choose.one_of(all);
}

uint64_t place_of_message(snp::Chooser& choose) {
  constexpr uint64_t of_header[] = {0, 4, 8, 12, 28, 28}, link = tee::message::entries_of_list_page * 8;
  if (choose.one_in(4)) return frames::list * 4096 + (choose.one_in(3) ? link : choose.below(8) * 8);
  if (choose.one_in(4)) return (frames::data + choose.below(2) * 4) * 4096 + choose.below(16) * 4;
  const uint64_t param = size_of<uint64_t>(choose.below(4)) + choose.below(8) * 4;
  return frames::message * 4096 + (choose.one_in(2) ? choose.one_of(of_header) : param);
}

uint64_t page_of_normal_world(snp::Chooser& choose) { return choose.below(48) * 4096; }

mock_snp::Act act(snp::Chooser& choose) {
  const auto kind = static_cast<ActKind>(choose.below(mock_tee::act_kinds));
  const auto when = static_cast<When>(choose.below(mock_tee::when_kinds));
  const uint64_t nth = choose.below(choose.one_in(3) ? 64 : 8);
  switch (kind) {
    case ActKind::poke: return made(choose.one_in(3) ? when : When::before_load, choose.below(40), kind, place_of_message(choose), edge(choose));
    case ActKind::flip: return made(choose.one_in(3) ? when : When::before_load, choose.below(40), kind, place_of_message(choose), choose.below(32));
    case ActKind::reply: return made(When::after_answer, nth, kind, choose.one_in(4) ? 20 : size_of<uint64_t>(choose.below(2)) + choose.below(4) * 8, edge(choose));
    case ActKind::answer: return made(When::after_answer, nth, kind, choose.below(8), choose.one_in(2) ? choose.below(4) : edge(choose));
    case ActKind::send: return made(choose.one_in(2) ? When::before_answer : When::after_answer, nth, kind, choose.below(mock_tee::sent_kinds), choose.one_in(2) ? 1 + choose.below(8) : (1 + choose.below(4)) << 8 | choose.below(mock_tee::deeds));
    case ActKind::alias: return made(When::before_answer, choose.below(3), kind, choose.one_in(3) ? edge(choose) : page_of_normal_world(choose) + (choose.one_in(4) ? choose.below(4096) : 0), 0);
    default: return made(When::before_answer, nth, kind, choose.below(8), 0);
  }
}

// Several calls of another processor while one waits; or a lie in every reply, or in every register of a row of answers.
void tale(snp::Script& script, snp::Chooser& choose) {
  constexpr uint64_t of_reply[] = {20, 20, 0x20, 0x28, 0x30, 0x38, 0x48, 0x50, 0x58};
  const uint64_t which = choose.below(3), place = choose.one_of(of_reply), index = choose.below(8);
  for (uint64_t nth = choose.below(3), end = nth + 3 + choose.below(4); nth < end; ++nth) {
    switch (which) {
      case 0: script.acts.push_back(made(When::before_answer, nth, ActKind::send, choose.below(mock_tee::sent_kinds), choose.one_in(2) ? 1 + choose.below(4) : (1 + choose.below(4)) << 8 | 7)); break;
      case 1: script.acts.push_back(made(When::after_answer, nth, ActKind::reply, place, choose.one_in(2) ? choose.next() : edge(choose))); break;
      default: script.acts.push_back(made(When::after_answer, nth, ActKind::answer, index, choose.one_in(2) ? choose.next() : edge(choose))); break;
    }
  }
}

}  // namespace

const snp::Vocabulary vocabulary{when_names, act_names, act, tale};

}  // namespace cupel::fuzz::optee
