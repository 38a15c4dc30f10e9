#pragma once
#include "props/model/allowed.hh"

namespace cupel::props {

// The faults planned for one step.
class Faults {
 public:
  void add(Fault fault) { bits_ |= bit(fault); }
  void clear() { bits_ = 0; }
  bool has(Fault fault) const { return (bits_ & bit(fault)) != 0; }
  bool any() const { return bits_ != 0; }

 private:
  static uint8_t bit(Fault fault) { return static_cast<uint8_t>(1u << static_cast<unsigned>(fault)); }
  uint8_t bits_ = 0;
};

// Holds an outcome against what a rule allows: the value, and every byte of guest memory that is watched.
class Matcher {
 public:
  // The alternative that fits, or nullptr.
  const Alternative* find(const World& world, const Allowed& allowed, Faults faults, const interface::Outcome& outcome);
  // An error without effect.
  bool is_plain_error(const Allowed& allowed, Faults faults, const interface::Outcome& outcome);

 private:
  bool value_fits(const Alternative& alternative, Faults faults, const interface::Outcome& outcome) const;
  bool bytes_fit(const Allowed& allowed, const Alternative& alternative, const interface::Outcome& outcome);

  std::vector<std::byte> expected_;
};

// For people: all that is allowed, and what came.
std::string describe(const World& world, const Allowed& allowed, const interface::Outcome& outcome);
std::string describe(const interface::Outcome& outcome);

}  // namespace cupel::props
