#include "fuzz/campaign/campaign.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "fuzz/campaign/calls.hh"
#include "fuzz/campaign/plot.hh"
#include "fuzz/campaign/report.hh"
#include "fuzz/campaign/triage.hh"
#include "fuzz/campaign/worker.hh"
#include "fuzz/program/sample_interface.hh"
#include "fuzz/replay/input.hh"
#include "fuzz/replay/letters_target.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

const TargetInfo stand_in{"stand_in", "a name that findings may begin with", nullptr};
const TargetRegistration stand_in_registration(stand_in);

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "cupel-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST(ReadProgress, TakesOverWhatALineOfLibFuzzerSays) {
  Progress progress;
  read_progress("#2048\tNEW    cov: 512 ft: 900 corp: 33/1024b lim: 4096 exec/s: 1024 rss: 40Mb L: 12/40 MS: 1 Custom-", progress);
  EXPECT_EQ(progress.executions, 2048u);
  EXPECT_EQ(progress.edges, 512u);
  EXPECT_EQ(progress.corpus, 33u);
  EXPECT_EQ(progress.rate, 1024u);
}

TEST(ReadProgress, TheCorpusIsLoadedOnceLibFuzzerSaysSo) {
  Progress progress;
  read_progress("#1024\tpulse  corp: 12/300b exec/s: 512 rss: 40Mb", progress);
  EXPECT_FALSE(progress.loaded);
  read_progress("#2000\tINITED cov: 512 ft: 900 corp: 33/1024b exec/s: 1000 rss: 40Mb", progress);
  read_progress("#2048\tNEW    cov: 513 ft: 901 corp: 34/1034b lim: 4096 exec/s: 1024 rss: 40Mb", progress);
  EXPECT_TRUE(progress.loaded);
}

TEST(ReadProgress, OtherLinesChangeNothing) {
  Progress progress{.executions = 7};
  read_progress("INFO: Running with entropic power schedule", progress);
  read_progress("#oops", progress);
  EXPECT_EQ(progress.executions, 7u);
}

TEST_F(FolderTest, AStateFolderThatCannotBeMadeIsNamedInTheError) {
  std::ofstream(folder_ / "file") << "x";
  auto state = State::open(folder_ / "file" / "state");
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().find("file/state"), std::string::npos);
}

TEST_F(FolderTest, ASampleCutShortByAKillIsPassedOverAndTheRestKept) {
  auto state = State::open(folder_).value();
  ASSERT_TRUE(state.append_sample({{"seconds", 1.0}, {"target", "t"}, {"edges", 5}}));
  std::ofstream(folder_ / "series.jsonl", std::ios::app) << "{\"seconds\": 2.0, \"tar";
  EXPECT_EQ(state.samples().size(), 1u);
}

TEST_F(FolderTest, WhatFollowsALineCutShortIsALineOfItsOwn) {
  auto state = State::open(folder_).value();
  std::ofstream(folder_ / "series.jsonl") << "{\"seconds\": 2.0, \"tar";
  ASSERT_TRUE(state.append_sample({{"seconds", 3.0}, {"target", "t"}}));
  ASSERT_EQ(state.samples().size(), 1u);
  EXPECT_EQ(state.samples()[0]["seconds"], 3.0);
}

TEST_F(FolderTest, LinesThatAreNoSamplesArePassedOver) {
  auto state = State::open(folder_).value();
  std::ofstream(folder_ / "series.jsonl") << "[1]\n{\"seconds\": \"soon\", \"target\": \"t\"}\n{\"seconds\": 1, \"target\": 7}\n"
                                          << "{\"seconds\": 1, \"target\": \"t\", \"edges\": -1}\n\xff\x01\n{\"seconds\": 1, \"target\": \"t\"}\n";
  EXPECT_EQ(state.samples().size(), 1u);
}

TEST_F(FolderTest, AFindingCutShortIsNotListedAndItsInputIsLookedAtAgain) {
  auto state = State::open(folder_).value();
  const std::string id = "stand_in-oracle-call";
  fs::create_directories(state.findings() / id);
  ASSERT_TRUE(write_file(state.findings() / id / "input.bin", "bytes"));
  ASSERT_TRUE(write_file(state.findings() / id / "finding.json", R"({"id": "a", "oracle": )"));
  fs::create_directories(state.findings() / "garbage");
  fs::create_directories(state.findings() / "whole");
  ASSERT_TRUE(write_file(state.findings() / "whole/finding.json", R"({"id": "whole", "oracle": "model"})"));
  ASSERT_EQ(state.all_findings().size(), 1u);
  const auto said = state.recover();
  ASSERT_TRUE(said) << said.error();
  EXPECT_EQ(said->size(), 2u);
  EXPECT_EQ(read_file(state.raw("stand_in") / ("crash-recovered-" + id)).value_or(""), "bytes");
  EXPECT_FALSE(fs::exists(state.findings() / id));
  EXPECT_TRUE(fs::exists(state.findings() / "whole/finding.json"));
  EXPECT_EQ(state.recover()->size(), 1u) << "what cannot be helped is said again";
}

TEST_F(FolderTest, AFindingWithFieldsOfWrongKindsIsNotListed) {
  auto state = State::open(folder_).value();
  fs::create_directories(state.findings() / "a");
  for (const char* content : {"", "[]", "{}", R"({"id": 3})", R"({"id": "a", "call": null})"}) {
    ASSERT_TRUE(write_file(state.findings() / "a/finding.json", content));
    EXPECT_TRUE(state.all_findings().empty()) << content;
  }
}

TEST_F(FolderTest, AWrittenFileIsWholeAndLeavesNoTrace) {
  ASSERT_TRUE(write_file(folder_ / "a", "one"));
  ASSERT_TRUE(write_file(folder_ / "a", "two"));
  EXPECT_EQ(read_file(folder_ / "a").value(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(FolderTest, AnInputOfNoKnownTargetIsRefusedWithItsName) {
  std::ofstream(folder_ / "x.txt") << "# target: no_such_target\n";
  auto input = load_input(folder_ / "x.txt", "");
  ASSERT_FALSE(input);
  EXPECT_NE(input.error().find("no_such_target"), std::string::npos);
}

TEST_F(FolderTest, AReportShowsFindingsEscaped) {
  auto state = State::open(folder_).value();
  fs::create_directories(folder_ / "findings/a");
  ASSERT_TRUE(write_file(folder_ / "findings/a/finding.json", R"({"id":"a","oracle":"<model>","call":"1: read"})"));
  auto page = write_report(state);
  ASSERT_TRUE(page) << page.error();
  const std::string html = read_file(*page).value();
  EXPECT_NE(html.find("&lt;model&gt;"), std::string::npos);
  EXPECT_EQ(html.find("<model>"), std::string::npos);
}

TEST_F(FolderTest, TheReportOfALongCampaignStaysSmall) {
  auto state = State::open(folder_).value();
  std::ofstream series(folder_ / "series.jsonl");
  for (int second = 0; second < 20'000; ++second) {
    series << nlohmann::json{{"seconds", second}, {"target", "t" + std::to_string(second % 6)}, {"executions", second * 1000}, {"edges", second / 7}, {"corpus", second / 9}, {"rate", 1000 + second % 77}} << '\n';
  }
  series.close();
  auto page = write_report(state);
  ASSERT_TRUE(page) << page.error();
  const std::string html = read_file(*page).value();
  EXPECT_LT(html.size(), 2'000'000u);
  EXPECT_NE(html.find("<svg"), std::string::npos) << "no plots: is gnuplot-nox installed?";
}

TEST(PlotSvg, TakesItsColoursFromThePage) {
  const auto svg = plot_svg("edges", {{"one", "var(--s0)", {{0, 1}, {5, 40'000}}}, {"two", "var(--s1)", {{0, 3}, {300, 9}}}});
  ASSERT_TRUE(svg) << svg.error();
  for (const char* colour : {"var(--ink)", "var(--grid)", "var(--s0)", "var(--s1)"}) EXPECT_NE(svg->find(colour), std::string::npos) << colour;
  EXPECT_EQ(svg->find("rgb("), std::string::npos);
}

TEST(PlotSvg, ALineIsBrokenWhereNothingWasSampled) {
  const auto pieces = [](double gap_max) {
    const auto svg = plot_svg("rate", {{"one", "var(--s0)", {{0, 1}, {1, 2}, {30, 3}, {31, 4}}, gap_max}});
    EXPECT_TRUE(svg.has_value());
    return std::ranges::count(svg.value_or(""), 'M');  // a stroke's first point
  };
  EXPECT_LT(pieces(0), pieces(8));
}

TEST(PlotSvg, OfNothingThereIsNone) { EXPECT_FALSE(plot_svg("edges", {})); }

// What the calls of its trace say decides its row of the table of calls.
class Talker final : public LettersTarget {
 public:
  std::string_view name() const override { return "talker"; }
  Run run(ByteView) override { return {}; }
  const interface::InterfaceDesc* interface() const override { return &sample_interface(); }
  std::string trace(ByteView input) override { return {input.begin(), input.end()}; }
};
const TargetInfo talker{"talker", "says its input", [] { return std::unique_ptr<Target>(std::make_unique<Talker>()); }};
const TargetRegistration talker_registration(talker);

TEST_F(FolderTest, TheTableOfCallsTellsWhichDeclaredOutcomesTheCorpusReaches) {
  auto state = State::open(folder_).value();
  ASSERT_TRUE(state.prepare("talker"));
  ASSERT_TRUE(write_file(state.corpus("talker") / "a", "  0 dup(1) = 2\n  1 dup(9) = -1 EBADF\n[task 1] 2: dup(1) = 3\n  3 unheard(1) = 1\n"));
  ASSERT_TRUE(write_file(state.corpus("talker") / "b", "  0 dup(1) = ? (sleeps)\n"));
  const auto tables = calls_by_interface(state, {"talker"});
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0]["traced"], 2);
  const auto& rows = tables[0]["calls"];
  EXPECT_EQ(rows.size(), sample_interface().calls.size());
  const auto row = std::ranges::find(rows, nlohmann::json("dup"), [](const nlohmann::json& one) { return one["name"]; });
  ASSERT_NE(row, rows.end());
  EXPECT_EQ((*row)["made"], 3);
  EXPECT_EQ((*row)["inputs"], 1);
  EXPECT_EQ((*row)["seen"], (nlohmann::json{{"ok", 2}, {"EBADF", 1}}));
  EXPECT_EQ((*row)["unseen"], nlohmann::json::array({"EMFILE"}));
  EXPECT_EQ(rows.front()["made"], 0) << "least covered first";
}

TEST_F(FolderTest, TheReportSaysWithWhichProbabilityPctSchedulesShowABug) {
  auto state = State::open(folder_).value();
  ASSERT_TRUE(state.prepare("talker"));
  ASSERT_TRUE(write_file(state.corpus("talker") / "a", "  0 dup(1) = 2\nPCT: 2 tasks, 10 preemption points: a bug of depth 2 shows with a probability of at least 0.05\n"));
  ASSERT_TRUE(write_file(state.corpus("talker") / "b", "PCT: 4 tasks, 25 preemption points: a bug of depth 2 shows with a probability of at least 1e-02\n"));
  ASSERT_TRUE(write_file(state.corpus("talker") / "c", "PCT: no promise\n"));
  const auto tables = calls_by_interface(state, {"talker"});
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0]["pct"], (nlohmann::json{{"2", {{"inputs", 2}, {"least", 0.01}, {"most", 0.05}}}}));
  const std::string page = html_report(state, {{"targets", nlohmann::json::array()}, {"findings", nlohmann::json::array()}, {"calls", tables}, {"executions", 0}, {"edges", 0}});
  EXPECT_TRUE(page.contains("2 inputs of depth 2: at least 0.01 to 0.05")) << page;
}

// Stands for a target's instrumented program: it fails under a sanitizer where a file holds both an a and a b, at a place
// that a c in it moves.
constexpr const char* fussy_program = R"sh(#!/bin/sh
for file in "$@"; do
  case "$file" in -*) continue ;; esac
  [ -f "$file" ] || continue
  echo "Running: $file" >&2
  grep -q a "$file" && grep -q b "$file" || continue
  line=10
  if grep -q c "$file"; then line=20; fi
  echo "==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1" >&2
  echo "    #0 0x1 in f /x/libos/mm/mapping.cc:$line:2" >&2
  exit 77
done
)sh";

class TriageTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    ASSERT_TRUE(write_file(program(), fussy_program));
    fs::permissions(program(), fs::perms::owner_all);
  }
  fs::path program() const { return folder_ / "fussy"; }
  Triage look_at(const State& state, const char* name, const char* input) {
    EXPECT_TRUE(state.prepare("talker"));
    EXPECT_TRUE(write_file(state.raw("talker") / name, input));
    auto looked = triage(state, "talker", program(), std::chrono::milliseconds(60'000));
    EXPECT_TRUE(looked) << looked.error();
    return std::move(*looked);
  }
};

// Starts, says nothing, and ends badly when it is interrupted, as libFuzzer does before its first execution.
constexpr const char* slow_starter = R"sh(#!/bin/sh
trap 'exit 72' INT
while :; do sleep 0.01; done
)sh";

TEST_F(FolderTest, ASliceThatWeEndedBeforeItsFirstExecutionIsNoFailure) {
  ASSERT_TRUE(write_file(folder_ / "slow", slow_starter));
  fs::permissions(folder_ / "slow", fs::perms::owner_all);
  auto worker = Worker::start({"talker", folder_ / "slow", {folder_}, folder_, 1});
  ASSERT_TRUE(worker) << worker.error();
  EXPECT_FALSE(worker->asked_to_end());
  worker->interrupt();
  for (int turn = 0; worker->pump() && turn < 6000; ++turn) usleep(10'000);
  EXPECT_NE(worker->exit_status(), 0);
  EXPECT_TRUE(worker->asked_to_end());
  const Worker moved = std::move(*worker);
  EXPECT_TRUE(moved.asked_to_end());
}

TEST_F(FolderTest, AFileThatIsLongerThanWhatASearchMakesIsRunWhole) {
  ASSERT_TRUE(write_file(folder_ / "echo", "#!/bin/sh\necho \"$@\" >&2\n"));
  fs::permissions(folder_ / "echo", fs::perms::owner_all);
  ASSERT_TRUE(write_file(folder_ / "long", std::string(5000, 'x')));
  auto worker = Worker::start({"talker", folder_ / "echo", {folder_ / "long"}, folder_, 1});
  ASSERT_TRUE(worker) << worker.error();
  for (int turn = 0; worker->pump() && turn < 6000; ++turn) usleep(10'000);
  EXPECT_TRUE(worker->last_lines().contains("-max_len=5000")) << worker->last_lines();
}

TEST_F(TriageTest, WhatOnlyASanitizerSeesIsMinimisedAndNamedByItsPlace) {
  auto state = State::open(folder_ / "state").value();
  const auto looked = look_at(state, "crash-1", "xxaxxbx");
  ASSERT_EQ(looked.fresh.size(), 1u);
  EXPECT_EQ(looked.fresh[0]["id"], "talker-sanitizer-mapping_cc_10");
  EXPECT_EQ(read_file(state.findings() / "talker-sanitizer-mapping_cc_10/input.bin").value(), "ab");
}

TEST_F(TriageTest, MinimisingDoesNotSlipIntoAnotherBug) {
  auto state = State::open(folder_ / "state").value();
  const auto looked = look_at(state, "crash-1", "xacb");
  ASSERT_EQ(looked.fresh.size(), 1u);
  EXPECT_EQ(read_file(state.findings() / "talker-sanitizer-mapping_cc_20/input.bin").value(), "acb");
}

TEST_F(TriageTest, AFindingSeenAgainIsCountedAndNotMadeTwice) {
  auto state = State::open(folder_ / "state").value();
  look_at(state, "crash-1", "ab");
  const auto looked = look_at(state, "crash-2", "bbaa");
  EXPECT_TRUE(looked.fresh.empty());
  EXPECT_EQ(looked.known, 1u);
  const auto findings = state.all_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0]["count"], 2);
  EXPECT_LE(findings[0]["first_seen"].get<std::string>(), findings[0]["last_seen"].get<std::string>());
}

TEST_F(TriageTest, WhatDoesNotFailAgainIsKeptAside) {
  auto state = State::open(folder_ / "state").value();
  const auto looked = look_at(state, "crash-1", "nothing wrong");
  EXPECT_EQ(looked.unconfirmed, 1u);
  EXPECT_TRUE(fs::exists(state.raw("talker") / "unconfirmed/crash-1"));
}

}  // namespace
}  // namespace cupel::fuzz
