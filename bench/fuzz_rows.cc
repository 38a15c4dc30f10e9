#include "bench/fuzz_rows.hh"

#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <memory>

#include "bench/command.hh"
#include "bench/snp_rows.hh"
#include "bench/workload.hh"
#include "fuzz/host/soak.hh"
#include "fuzz/program/codec.hh"
#include "fuzz/program/mutate.hh"
#include "shims/linux/shim.hh"

namespace cupel::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;
using Value = std::expected<double, std::string>;

constexpr const char* a_second = "programs/s";
constexpr const char* ceiling = "engine-ceiling";
constexpr std::string_view invariants_only[] = {"invariants"};
constexpr std::string_view with_model[] = {"invariants", "model"};

Value engine_rate(double seconds) {
  const auto text = output_of(fmt::format("{} -verbosity=0 --seconds={} 2>/dev/null", CUPEL_BENCH_ENGINE, seconds));
  if (!text) return std::unexpected(text.error());
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{}) return std::unexpected(fmt::format("{} printed no number", CUPEL_BENCH_ENGINE));
  return value;
}

Value three_way(double seconds) { return host::three_way_rate(std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000))); }

Contestant runner(const char* name, const char* baseline, std::span<const std::string_view> oracles, std::span<const fuzz::Bytes> inputs) {
  return {name, a_second, baseline, Runner(linux_program(oracles), inputs)};
}

// From nothing, and from others: in memory, as the engine's custom mutator works once it has decoded its input.
class Editor {
 public:
  explicit Editor(const fuzz::Grammar& grammar)
      : grammar_(grammar), generator_(grammar), mutator_(grammar), programs_(generated(grammar, calls_to_edit)), inputs_(encoded(grammar, programs_)) {}

  double generate(double seconds) {
    return each(seconds, [&](size_t) { generator_.generate(random_, calls_to_edit, program_); });
  }
  double mutate(double seconds) {
    return each(seconds, [&](size_t index) {
      program_ = programs_[index];
      mutator_.mutate(random_, program_);
    });
  }
  double mutate_bytes(double seconds) {
    return each(seconds, [&](size_t index) {
      fuzz::decode(grammar_, inputs_[index], program_);
      mutator_.mutate(random_, program_);
      fuzz::encode(grammar_, program_, bytes_);
    });
  }

 private:
  template <class Edit>
  double each(double seconds, Edit edit) {
    constexpr size_t few = 256;
    return rate(seconds, [&] {
      for (size_t count = 0; count < few; ++count) edit(next_++ % programs_.size());
      return few;
    });
  }

  const fuzz::Grammar& grammar_;
  fuzz::Generator generator_;
  fuzz::Mutator mutator_;
  std::vector<fuzz::Program> programs_;
  std::vector<fuzz::Bytes> inputs_;
  fuzz::Random random_{1};
  fuzz::Program program_;
  fuzz::Bytes bytes_;
  size_t next_ = 0;
};

// How long it takes to put a machine back after each of the programs, in microseconds.
double reset_time(fuzz::Executor& executor, const std::vector<fuzz::Program>& programs, double seconds) {
  const auto start = Clock::now();
  Microseconds in_reset{};
  size_t count = 0;
  do {
    executor.run(programs[count++ % programs.size()], {.take_down = false}, nullptr);
    const auto before = Clock::now();
    executor.world().reset({}, std::byte{0});
    in_reset += Clock::now() - before;
  } while (Clock::now() - start < std::chrono::duration<double>(seconds));
  return in_reset.count() / static_cast<double>(count);
}

// What a fork server pays for a fresh process: the usual way to have everything as new.
Value fork_time(double seconds) {
  const auto start = Clock::now();
  size_t count = 0;
  do {
    const pid_t child = fork();
    if (child < 0) return std::unexpected(std::string("fork failed"));
    if (child == 0) _exit(0);
    int status = 0;
    if (waitpid(child, &status, 0) != child) return std::unexpected(std::string("waitpid failed"));
    ++count;
  } while (Clock::now() - start < std::chrono::duration<double>(seconds));
  return Microseconds(Clock::now() - start).count() / static_cast<double>(count);
}

}  // namespace

bool wanted(const std::string& name, const std::vector<std::string>& patterns) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) { return fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

Report bench_fuzz(double seconds, const std::vector<std::string>& patterns) {
  const fuzz::Grammar grammar(linux_shim::description());
  const auto programs = generated(grammar, calls_to_run);
  const auto inputs = encoded(grammar, programs);
  Editor editor(grammar);
  fuzz::Executor executor;
  std::vector<Contestant> all{
      {ceiling, a_second, ceiling, engine_rate},
      runner("invariants", ceiling, invariants_only, inputs),
      runner("model", ceiling, with_model, inputs),
      runner("all-oracles", ceiling, {}, inputs),
      {"three-way", a_second, ceiling, three_way},
      {"generate", a_second, ceiling, [&](double time) { return editor.generate(time); }},
      {"mutate", a_second, ceiling, [&](double time) { return editor.mutate(time); }},
      {"mutate-bytes", a_second, ceiling, [&](double time) { return editor.mutate_bytes(time); }},
      {"reset", "us", "fork", [&](double time) { return reset_time(executor, programs, time); }},
      {"fork", "us", "fork", fork_time},
  };
  std::ranges::move(snp_contestants(ceiling), std::back_inserter(all));
  const auto held_against = [&](const std::string& name) { return std::ranges::any_of(all, [&](const Contestant& one) { return one.baseline == name && wanted(one.name, patterns); }); };
  std::vector<Contestant> chosen;
  std::ranges::copy_if(all, std::back_inserter(chosen), [&](const Contestant& one) { return wanted(one.name, patterns) || held_against(one.name); });
  return race(chosen, seconds);
}

Report bench_sanitized(double seconds) {
  const fuzz::Grammar grammar(linux_shim::description());
  const auto inputs = encoded(grammar, generated(grammar, calls_to_run));
  constexpr const char* own_ceiling = "engine-ceiling+asan";
  return race(
      {
          {own_ceiling, a_second, own_ceiling, engine_rate},
          runner("model+asan", own_ceiling, with_model, inputs),
          runner("all-oracles+asan", own_ceiling, {}, inputs),
      },
      seconds);
}

}  // namespace cupel::bench
