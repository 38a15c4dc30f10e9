#pragma once
#include <memory>

#include "fuzz/snp/chooser.hh"
#include "fuzz/snp/script.hh"
#include "fuzz/target.hh"
#include "platforms/mock/tee/world.hh"
#include "props/model/tee_model.hh"
#include "shims/optee/core.hh"

// What the targets of the OP-TEE shim share: scripts as inputs, runs under two secrets, and oracles by name.
namespace cupel::fuzz::optee {

namespace tee = cupel::optee;

extern const snp::Vocabulary vocabulary;

class OpteeTarget : public Target {
 public:
  OpteeTarget(std::string_view name, snp::Grammar grammar) : name_(name), grammar_(grammar) { grammar_.vocabulary = &vocabulary; }
  std::string_view name() const override { return name_; }
  std::span<const std::string_view> oracles() const override;
  bool disable_oracle(std::string_view oracle) override;
  Run run(ByteView input) override { return execute(snp::decode(grammar_, input), nullptr); }
  void mutate(Bytes& input, size_t size_max, uint32_t seed) override;
  Bytes cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) override;
  Bytes generate(uint32_t seed) override { return snp::encode(grammar_, snp::generate(grammar_, seed)); }
  std::vector<Bytes> simpler(ByteView input) override;
  std::string print(ByteView input) override { return snp::print(grammar_, snp::decode(grammar_, input)); }
  std::expected<ParsedInput, std::string> parse(std::string_view text) override;
  std::string trace(ByteView input) override;
  // Service calls of all first runs so far.
  uint64_t calls() const { return calls_; }
  uint64_t pairs() const { return pairs_; }

 protected:
  // A fresh machine under that secret.
  virtual void begin(uint64_t secret) = 0;
  // One step; what it came to. Throws mock_tee::Stopped.
  virtual std::string perform(const snp::GuestStep& step) = 0;
  virtual void follow(std::span<const mock_tee::Act> acts) = 0;
  virtual void on_act(std::function<void(const mock_tee::Act&)> told) = 0;
  virtual const std::optional<mock_tee::Violation>& violation() const = 0;
  // What the hostile side has seen so far, and the service calls it made.
  virtual uint64_t seen() const = 0;
  virtual uint64_t calls_made() const = 0;
  virtual void finish() {}

 private:
  struct Pass {
    Run run;
    std::vector<uint64_t> traces;
  };
  Pass pass(const snp::Script& script, uint64_t secret, std::string* trace);
  Run execute(const snp::Script& script, std::string* trace);
  bool enabled(std::string_view oracle) const;
  std::string call_text(size_t index, const snp::Script& script) const;

  std::string_view name_;
  snp::Grammar grammar_;
  std::vector<std::string> disabled_;
  uint64_t calls_ = 0, pairs_ = 0;
};

// The shim on the mock, called by messages and watched by the model.
class MessageMachine {
 public:
  MessageMachine();
  void begin(uint64_t secret);
  mock_tee::World& world() { return world_; }
  const mock_tee::World& world() const { return world_; }
  tee::Core<mock_tee::World>& core() { return *core_; }
  void finish();

 private:
  tee::Registers call(const tee::Registers& registers);
  std::optional<uint64_t> message_address(const tee::Registers& registers) const;
  props::TeeMessage message_at(uint64_t address) const;
  static props::TeeMessage message_of(const mock_tee::Seen& seen);
  void judge(const std::string& wrong, const std::string& got);

  mock_tee::World world_;
  std::unique_ptr<tee::Core<mock_tee::World>> core_;
  props::TeeModel model_;
  props::TeeMemory memory_;
};

// What the message targets have in common.
class MessageTarget : public OpteeTarget {
 public:
  using OpteeTarget::OpteeTarget;

 protected:
  void begin(uint64_t secret) override;
  void follow(std::span<const mock_tee::Act> acts) override { machine_.world().follow(acts); }
  void on_act(std::function<void(const mock_tee::Act&)> told) override { machine_.world().on_act = std::move(told); }
  const std::optional<mock_tee::Violation>& violation() const override { return machine_.world().violation(); }
  uint64_t seen() const override { return machine_.world().trace(); }
  uint64_t calls_made() const override { return machine_.world().calls(); }
  void finish() override { machine_.finish(); }

  using Params = std::vector<std::array<uint64_t, 4>>;
  std::string send(uint32_t cmd, uint32_t func, uint32_t session, const Params& params, tee::Call how = tee::Call::with_argument);
  void list(uint64_t at, uint64_t entries, uint64_t start);

  MessageMachine machine_;
  uint64_t at_ = 0;  // where the next message goes
};

}  // namespace cupel::fuzz::optee
