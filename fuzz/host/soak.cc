#include "fuzz/host/soak.hh"

#include <sched.h>

#include <nlohmann/json.hpp>

#include "fuzz/program/generate.hh"
#include "fuzz/program/text.hh"

namespace cupel::host {
namespace {

constexpr size_t steps = 10;

// Puts this thread, and what it starts, on the processor it is on now, until it goes away.
class OneProcessor {
 public:
  OneProcessor() {
    sched_getaffinity(0, sizeof(before_), &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
    sched_setaffinity(0, sizeof(one), &one);
  }
  ~OneProcessor() { sched_setaffinity(0, sizeof(before_), &before_); }

 private:
  cpu_set_t before_{};
};

}  // namespace

std::expected<Tally, std::string> soak(const SoakOptions& options, const std::function<void(const SoakFinding&)>& on_finding) {
  uint64_t judged = 0;
  std::unique_ptr<ThreeWay> three_way;
  auto started = ThreeWay::start([&](const fuzz::Program& program, const Judgement& judgement) {
    const uint64_t seed = options.seed + judged++;
    if (judgement.finding) on_finding({seed, *judgement.finding, fuzz::print(three_way->grammar(), program)});
  });
  if (!started) return std::unexpected(started.error());
  three_way = std::move(*started);
  three_way->judge_kernel_every(options.judge_kernel_every);
  fuzz::Generator generator(three_way->grammar());
  for (uint64_t index = 0; index < options.programs; ++index) {
    fuzz::Random random(options.seed + index);
    fuzz::Program program;
    generator.generate(random, steps, program);
    if (auto added = three_way->add(std::move(program)); !added) return std::unexpected(added.error());
  }
  if (auto done = three_way->finish(); !done) return std::unexpected(done.error());
  return three_way->tally();
}

std::expected<double, std::string> three_way_rate(std::chrono::milliseconds duration) {
  const OneProcessor pinned;
  auto started = ThreeWay::start([](const fuzz::Program&, const Judgement&) {});
  if (!started) return std::unexpected(started.error());
  ThreeWay& three_way = **started;
  fuzz::Generator generator(three_way.grammar());
  std::vector<fuzz::Program> programs(4096);
  for (size_t index = 0; index < programs.size(); ++index) {
    fuzz::Random random(index);
    generator.generate(random, steps, programs[index]);
  }
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  uint64_t count = 0;
  while (Clock::now() - start < duration) {
    for (int few = 0; few < 64; ++few) {
      fuzz::Program program = programs[count++ % programs.size()];
      if (auto added = three_way.add(std::move(program)); !added) return std::unexpected(added.error());
    }
  }
  if (auto done = three_way.finish(); !done) return std::unexpected(done.error());
  return static_cast<double>(count) / std::chrono::duration<double>(Clock::now() - start).count();
}

std::string to_json(const Tally& tally) {
  nlohmann::json not_comparable = nlohmann::json::object(), known = nlohmann::json::array();
  for (const auto& [reason, count] : tally.not_comparable) not_comparable[std::string(reason)] = count;
  const auto& lines = KnownDifferences::project().lines();
  for (size_t line = 0; line < lines.size(); ++line) {
    known.push_back({{"calls", lines[line].calls}, {"condition", lines[line].condition}, {"reason", lines[line].reason}, {"count", tally.known[line]}});
  }
  return nlohmann::json{{"programs", tally.programs}, {"calls", tally.calls},       {"compared", tally.compared}, {"not_reached", tally.not_reached},
                        {"findings", tally.findings}, {"kernel_by_model", tally.kernel_by_model}, {"not_comparable", not_comparable}, {"known", known}}
      .dump();
}

}  // namespace cupel::host
