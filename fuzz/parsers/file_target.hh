#pragma once
#include "fuzz/linux/world.hh"
#include "fuzz/program/random.hh"
#include "fuzz/target.hh"
#include "platforms/mock/scripted_guest.hh"

namespace cupel::fuzz {

// A target whose input is a file that somebody else made, given to a machine on the mock. People see it as hexadecimal, a line
// for sixteen bytes.
class FileTarget : public Target {
 public:
  Run run(ByteView input) final;
  bool disable_oracle(std::string_view oracle) final;
  void mutate(Bytes& input, size_t size_max, uint32_t seed) final;
  Bytes cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) final;
  Bytes generate(uint32_t seed) final;
  std::vector<Bytes> simpler(ByteView input) final;
  std::string print(ByteView input) final;
  std::expected<ParsedInput, std::string> parse(std::string_view text) final;
  std::string trace(ByteView input) final;

 protected:
  // Feeds the file to the machine; returns what came of it, for the trace.
  virtual std::string feed(libos::Machine& machine, ByteView input) = 0;
  // A file as a sound tool makes it.
  virtual Bytes sample(Random& random) = 0;
  // Whatever checksum would keep a changed file from being looked at.
  virtual void mend(Bytes&) {}
  // The first violation is kept.
  void expect(bool holds, std::string_view oracle, std::string_view claim, std::string_view got = "it does not hold");

 private:
  std::string run_once(ByteView input);

  mock::ScriptedGuest guest_;
  World world_{guest_};
  std::vector<std::string> disabled_;
  std::optional<Finding> finding_;
};

// Little-endian numbers in a file.
template <class T>
void put_number(Bytes& file, size_t offset, T value) {
  for (size_t byte = 0; byte < sizeof(T); ++byte) file.at(offset + byte) = static_cast<uint8_t>(static_cast<uint64_t>(value) >> 8 * byte);
}

}  // namespace cupel::fuzz
