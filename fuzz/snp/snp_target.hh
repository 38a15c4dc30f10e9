#pragma once
#include "fuzz/snp/script.hh"
#include "platforms/mock/snp/hardware.hh"

// What all targets of the SNP boundary share: scripts as their inputs, the mock, the run with its oracles, and the second run
// with other secrets, which the hypervisor must not be able to tell from the first.
namespace cupel::fuzz::snp {

// The least of a guest: SEV features and a shared, registered GHCB.
struct World {
  mock_snp::System system;
  mock_snp::Hypervisor hypervisor{system};
  mock_snp::SecureProcessor secure_processor;
  mock_snp::Hardware hardware{system, hypervisor, secure_processor};
  uint64_t secret = 0;

  void begin(uint64_t secret_now);
  uint64_t next_secret();
};

class SnpTarget : public Target {
 public:
  SnpTarget(std::string_view name, Grammar grammar) : name_(name), grammar_(grammar) {}
  std::string_view name() const override { return name_; }
  std::span<const std::string_view> oracles() const override;
  bool disable_oracle(std::string_view oracle) override;

  Run run(ByteView input) override { return execute(decode(grammar_, input), nullptr); }
  void mutate(Bytes& input, size_t size_max, uint32_t seed) override;
  Bytes cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) override;
  Bytes generate(uint32_t seed) override { return encode(grammar_, snp::generate(grammar_, seed)); }
  std::vector<Bytes> simpler(ByteView input) override;
  std::string print(ByteView input) override { return snp::print(grammar_, decode(grammar_, input)); }
  std::expected<ParsedInput, std::string> parse(std::string_view text) override;
  std::string trace(ByteView input) override;
  // Exits of the guest in all runs so far; those of second runs with other secrets do not count.
  uint64_t exits() const { return exits_; }
  // Scripts that ran a second time, under other secrets.
  uint64_t pairs() const { return pairs_; }

 protected:
  // A fresh guest on a world which has just begun.
  virtual void begin(World& world) = 0;
  // One operation of the guest; throws mock_snp::GuestStopped. What it came to, for the trace.
  virtual std::string_view perform(World& world, const GuestStep& step) = 0;
  // Whether an honest hypervisor has no reason to fail it; asked before.
  virtual bool legal(const World&, const GuestStep&) { return false; }
  // Whether steps handle anything that the hypervisor must not see; if not, one run says all.
  virtual bool has_secrets() const { return true; }
  // After the last step, if the guest still runs.
  virtual void finish(World&) {}

  struct Pass {
    Run run;
    std::vector<uint64_t> traces;  // what the hypervisor had seen after each step
  };
  // One run of a script under one secret.
  Pass pass(const Script& script, uint64_t secret, std::string* trace);
  // All that a script's run is: under two secrets, and whatever else a target wants.
  virtual Run execute(const Script& script, std::string* trace);
  bool enabled(std::string_view oracle) const;
  const World& world() const { return world_; }

  // An oracle's word; throws.
  [[noreturn]] static void violate(World& world, std::string_view oracle, std::string expected, std::string got) { world.hardware.violate(oracle, std::move(expected), std::move(got)); }
  static void expect_equal(World& world, std::string_view oracle, std::string_view what, uint64_t expected, uint64_t got);

 private:
  std::string call_text(size_t index, const Script& script) const;

  std::string_view name_;
  Grammar grammar_;
  std::vector<std::string> disabled_;
  World world_;
  uint64_t exits_ = 0, pairs_ = 0;
};

}  // namespace cupel::fuzz::snp
