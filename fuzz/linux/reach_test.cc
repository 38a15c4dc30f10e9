#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "fuzz/linux/executor.hh"
#include "fuzz/program/mutate.hh"
#include "fuzz/program/text.hh"

// What the seeds and the generator reach of the interface: an oracle sees nothing in a call that never gets anywhere.
namespace cupel::fuzz {
namespace {

using interface::Outcome;
using testing::IsEmpty;

constexpr uint32_t generated_programs = 60000;
const std::filesystem::path recordings = "corpus/seeds/linux", of_tasks = "corpus/seeds/linux_concurrent";

// How calls came out, by their index.
class Reach final : public Observer {
 public:
  void on_step(const StepReport& report) override {
    const uint16_t call = report.step.call;
    made.insert(call);
    if (report.outcome.kind == Outcome::Kind::ended) succeeded.insert(call);
    if (report.outcome.kind != Outcome::Kind::returned) return;
    ++returned;
    const bool ok = report.outcome.value >= 0 || report.outcome.value < -4095;
    (ok ? succeeded : failed).insert(call);
    successes += ok ? 1 : 0;
  }
  std::set<uint16_t> made, succeeded, failed;
  size_t returned = 0, successes = 0;
};

class ReachTest : public testing::Test {
 protected:
  Program recording(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    auto parsed = parse(grammar, text.str());
    if (!parsed) throw std::runtime_error(file.string() + ":" + parsed.error().text());
    EXPECT_THAT(parsed->warnings, IsEmpty()) << file;
    return std::move(parsed->program);
  }
  static std::vector<std::filesystem::path> all_recordings(const std::filesystem::path& folder = recordings) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
  }
  std::vector<std::string_view> calls_not_in(const std::set<uint16_t>& reached, bool only_with_errnos) {
    std::vector<std::string_view> names;
    for (uint16_t call = 0; call < grammar.call_count(); ++call) {
      if (!reached.contains(call) && !(only_with_errnos && grammar.call(call).errnos.empty())) names.push_back(grammar.call(call).name);
    }
    return names;
  }

  Executor executor;
  Grammar grammar{executor.interface()};
};

TEST_F(ReachTest, EveryCallIsMadeAndSucceedsAndFails) {
  Reach reach;
  for (const auto& file : all_recordings()) executor.run(recording(file), {}, &reach);
  for (const auto& file : all_recordings(of_tasks)) executor.run(recording(file), {}, &reach);
  Generator generator(grammar);
  Program program;
  for (uint32_t seed = 0; seed < generated_programs; ++seed) {
    Random random(seed);
    generator.generate(random, program);
    executor.run(program, {}, &reach);
  }
  EXPECT_THAT(calls_not_in(reach.made, false), IsEmpty()) << "are never made";
  EXPECT_THAT(calls_not_in(reach.succeeded, false), IsEmpty()) << "never succeed";
  EXPECT_THAT(calls_not_in(reach.failed, true), IsEmpty()) << "never fail";
}

TEST_F(ReachTest, RecordingsOfRealProgramsDoWhatTheProgramsDid) {
  const auto files = all_recordings();
  EXPECT_GE(files.size(), 10u);
  for (const auto& file : files) {
    const Program program = recording(file);
    Reach reach;
    executor.run(program, {}, &reach);
    EXPECT_GE(program.steps.size(), 50u) << file;
    EXPECT_GE(reach.made.size(), 12u) << file << " makes few different calls";
    EXPECT_GE(reach.successes * 10, reach.returned * 8) << file << ": " << reach.successes << " of " << reach.returned << " calls succeed";
  }
}

}  // namespace
}  // namespace cupel::fuzz
