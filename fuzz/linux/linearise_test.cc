#include "fuzz/linux/linearise.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fuzz/program/generate.hh"
#include "fuzz/program/text.hh"
#include "shims/linux/shim.hh"

namespace cupel::fuzz {
namespace {

using Verdict = Linearisation::Verdict;

class Chronicler final : public Observer {
 public:
  void before_step(size_t index, const interface::Invocation&) override { history.open(index); }
  void on_step(const StepReport& report) override {
    history.add(report);
    rereads = rereads || !report.watch.rereads().empty();
  }
  History history;
  bool rereads = false;
};

class Linearise : public testing::Test {
 protected:
  const History& history_of(const Program& program, Scheduling scheduling) {
    chronicler = {};
    executor.run(program, {.scheduling = scheduling}, &chronicler);
    return chronicler.history;
  }
  const History& history_of(std::string_view text) {
    const auto parsed = parse(grammar, text);
    EXPECT_TRUE(parsed.has_value());
    return history_of(parsed->program, parsed->program.scheduling);
  }
  Linearisation linearised(std::span<const Piece> pieces) { return linearise(pieces, model, budget); }
  static props::Bounds bounds() {
    props::Bounds all;
    all.config = small_config();
    return all;
  }
  // Two readers sleep on one pipe, and two bytes come one after the other.
  static constexpr std::string_view two_readers = R"(
    r0 = pipe2(out, 0)
    fork()
    fork()
    read(r0.1, [1], 1) ; task 1
    read(r0.1, [1], 1) ; task 2
    write(r0.2, "a", 1)
    write(r0.2, "b", 1)
  )";

  static constexpr uint64_t budget = 20'000;
  Executor executor;
  Grammar grammar{linux_shim::description()};
  props::Model model{bounds()};
  Chronicler chronicler;
};

TEST_F(Linearise, TheOrderInWhichCallsEndedExplainsWhatLibosDoes) {
  Generator generator(grammar);
  Program program;
  size_t overlapping = 0;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    generator.generate(random, program);
    program.tampers.clear();
    const History& history = history_of(program, seed % 2 == 0 ? Scheduling::random : Scheduling::pct);
    if (chronicler.rereads) continue;
    overlapping += history.sequential() ? 0 : 1;
    const Linearisation found = linearised(history.pieces());
    ASSERT_EQ(found.verdict, Verdict::explained) << print(grammar, program);
    ASSERT_EQ(found.steps, history.pieces().size()) << print(grammar, program);  // no second try
  }
  EXPECT_GT(overlapping, 15u);
}

TEST_F(Linearise, AWrongOrderOfCallsThatOverlappedIsNoFalseAlarm) {
  const History& history = history_of(two_readers);
  ASSERT_FALSE(history.sequential());
  std::vector<Piece> pieces(history.pieces().begin(), history.pieces().end());
  std::ranges::reverse(pieces);
  const Linearisation found = linearised(pieces);
  ASSERT_EQ(found.verdict, Verdict::explained);
  EXPECT_GT(found.steps, pieces.size());
  EXPECT_TRUE(keeps_real_time(pieces, found.order));
}

TEST_F(Linearise, AnOutcomeThatNoOrderExplainsIsFound) {
  const History& history = history_of(two_readers);
  std::vector<Piece> pieces(history.pieces().begin(), history.pieces().end());
  // The second reader brings home the byte that the first has taken.
  const auto second = std::ranges::find_if(pieces, [](const Piece& piece) { return piece.step == 4 && piece.kind == interface::Outcome::Kind::returned; });
  ASSERT_NE(second, pieces.end());
  for (Stretch& slot : second->after) std::ranges::replace(slot.bytes, std::byte{'b'}, std::byte{'a'});
  EXPECT_EQ(linearised(pieces).verdict, Verdict::unexplained);
}

TEST_F(Linearise, AnOutcomeThatOnlyTheFutureExplainsIsFound) {
  const History& history = history_of("lseek(0, 5, SEEK_SET)\nlseek(0, 0, SEEK_CUR)");
  std::vector<Piece> pieces(history.pieces().begin(), history.pieces().end());
  ASSERT_EQ(linearised(pieces).verdict, Verdict::explained);
  std::swap(pieces[0].begin, pieces[1].begin);
  std::swap(pieces[0].end, pieces[1].end);  // now the second was over before the first began
  EXPECT_EQ(linearised(pieces).verdict, Verdict::unexplained);
  pieces[0].begin = pieces[1].begin;  // they overlap
  EXPECT_EQ(linearised(pieces).verdict, Verdict::explained);
}

TEST_F(Linearise, AnOrderAgainstRealTimeOrWithAPieceLeftOutIsNone) {
  const History& history = history_of("getpid()\ngettid()");
  EXPECT_TRUE(history.sequential());
  EXPECT_TRUE(keeps_real_time(history.pieces(), std::vector<size_t>{0, 1}));
  EXPECT_FALSE(keeps_real_time(history.pieces(), std::vector<size_t>{1, 0}));
  EXPECT_FALSE(keeps_real_time(history.pieces(), std::vector<size_t>{0, 0}));
  EXPECT_FALSE(keeps_real_time(history.pieces(), std::vector<size_t>{0}));
}

TEST_F(Linearise, ASearchThatCostsTooMuchSaysSo) {
  const History& history = history_of(two_readers);
  std::vector<Piece> pieces(history.pieces().begin(), history.pieces().end());
  std::ranges::reverse(pieces);
  EXPECT_EQ(linearise(pieces, model, 1).verdict, Verdict::undecided);
}

// Threads which share their descriptors, and a bug which shows only where the close comes between two calls: depth 2.
TEST_F(Linearise, PctMeetsAnOrderOfDepthTwoAsOftenAsItPromises) {
  auto parsed = parse(grammar, R"(
    r0 = dup(1)
    clone(CLONE_VM|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD, 0, 0, 0, 0)
    write(r0, "a", 1)
    write(r0, "b", 1)
    write(r0, "c", 1)
    write(r0, "d", 1)
    getpid() ; task 1
    close(r0) ; task 1
  )");
  ASSERT_TRUE(parsed.has_value());
  Program& program = parsed->program;
  program.pct_depth = 2;
  // Seeds are as good as chance, and the promise is close to the truth here: three standard deviations of room, and four
  // times the runs to the first.
  constexpr uint32_t runs = 4000;
  uint32_t met = 0, first_met = runs;
  double promised = 0;
  for (program.seed = 0; program.seed < runs; ++program.seed) {
    const History& history = history_of(program, Scheduling::pct);
    const auto value_of = [&](size_t step) { return std::ranges::find(history.pieces(), step, &Piece::step)->value; };
    promised += executor.world().platform().scheduler().pct_bound();
    if (value_of(3) != 1 || value_of(4) != -EBADF) continue;
    ++met;
    first_met = std::min(first_met, program.seed);
  }
  EXPECT_GE(met, promised - 3 * std::sqrt(promised));
  EXPECT_LE(first_met, 4 * runs / promised);
  EXPECT_LT(met, runs / 4) << "an order that is met so often shows nothing";
}

}  // namespace
}  // namespace cupel::fuzz
