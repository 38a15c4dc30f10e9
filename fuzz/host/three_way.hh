#pragma once
#include <array>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/host/canonical.hh"
#include "fuzz/host/kernel.hh"
#include "fuzz/host/known_differences.hh"
#include "fuzz/host/recording.hh"
#include "fuzz/host/translate.hh"
#include "fuzz/linux/executor.hh"
#include "fuzz/program/grammar.hh"
#include "fuzz/target.hh"
#include "props/model/model.hh"

// Runs programs three ways, on libos, on the real kernel and by the model, and says where they part. Programs run without
// their faults and tampering, in order, and are compared as far as their first task goes alone.
namespace cupel::host {

// What became of the calls. A call is compared, not comparable, or behind the end of its program's comparison.
struct Tally {
  uint64_t programs = 0;
  uint64_t calls = 0;     // that libos made
  uint64_t compared = 0;  // that the kernel made too
  uint64_t not_reached = 0;  // libos made them behind the end of their program's comparison
  std::map<std::string_view, uint64_t> not_comparable;  // by reason
  std::vector<uint64_t> known;                          // differences by line of known_differences.txt
  uint64_t findings = 0;
  uint64_t kernel_by_model = 0;  // programs whose calls the model has judged by the kernel's outcomes alone
};

struct Judgement {
  uint64_t trace_hash = 0;  // of libos's side
  std::optional<fuzz::Finding> finding;
};

class ThreeWay {
 public:
  // Gets each program with what was found, in the order in which they were added.
  using Audience = std::function<void(const fuzz::Program&, const Judgement&)>;

  // The error is for people: there may be no user namespaces here.
  static std::expected<std::unique_ptr<ThreeWay>, std::string> start(Audience audience);

  // Takes a program. Its verdict comes later, at the latest from finish().
  std::expected<void, std::string> add(fuzz::Program&& program);
  std::expected<void, std::string> finish();

  // Every n-th program is also judged by the model on the kernel's outcomes alone, times and numbers of inodes included;
  // 0 for none. A program with a difference always is.
  void judge_kernel_every(uint64_t count) { kernel_every_ = count; }
  // Programs the kernel gets in one go.
  void set_batch_programs_max(size_t count) { batch_programs_max_ = count; }
  bool disable_oracle(std::string_view oracle);

  const Tally& tally() const { return tally_; }
  uint64_t deaths() const { return kernel_->deaths(); }
  const fuzz::Grammar& grammar() const { return grammar_; }

  // A line a step: the call as libos made it, and what the kernel said where it said something else or was not asked.
  std::string trace(const fuzz::Program& program);

  static constexpr std::array<std::string_view, 2> oracles{"host", "model_host"};

 private:
  struct ModelSays {
    size_t call = SIZE_MAX;  // of the recording: the first that the model does not allow
    props::Mismatch mismatch;
  };
  struct Case {
    fuzz::Program program;
    Recording recording;
    std::vector<std::string_view> not_comparable;  // by call; empty where comparable
    std::vector<bool> altered;                     // by call: the kernel gets other bytes, and later calls may find them
    bool ends = false;                             // with the last call, which is not
    ModelSays model;
    uint64_t trace_hash = 0;
    uint64_t steps_made = 0;
    std::vector<std::string> lines, kernel_said;   // of a trace, by call
  };
  struct Lane {
    std::vector<Case> cases;
    size_t count = 0;
  };
  class LibosRun;
  class KernelRun;

  explicit ThreeWay(Audience audience);

  static bool encode(const RecordedCall& call, const Translation& translation, Batch& batch);
  std::expected<void, std::string> turn();
  void collect(size_t lane);
  static void note_answers(Case& entry, const Batch& batch, size_t program);
  Judgement judge(const Case& entry, const Batch& batch, size_t program);
  ModelSays judge_kernel(const Case& entry, const Batch& batch, size_t program, size_t calls);
  fuzz::Finding finding(const Case& entry, size_t call, std::string_view oracle, std::string kernel, std::string libos) const;
  std::optional<fuzz::Finding> judge_difference(const Case& entry, const Batch& batch, size_t program, size_t call, const Difference& difference);

  Audience audience_;
  fuzz::Executor executor_;
  fuzz::Grammar grammar_;
  std::unique_ptr<Kernel> kernel_;
  Limits limits_;
  std::unique_ptr<props::Model> model_, kernel_model_;
  Comparison comparison_;
  std::array<Lane, Kernel::batch_count> lanes_;
  size_t filling_ = 0;
  std::vector<size_t> both_failed_;  // of the program being judged: calls that failed in both worlds, with errors known to differ
  bool running_ = false;  // the other lane is with the kernel
  bool tracing_ = false;
  size_t batch_programs_max_ = 64;
  uint64_t kernel_every_ = 0;
  std::array<bool, oracles.size()> enabled_{true, true};
  Tally tally_;
};

}  // namespace cupel::host
