#pragma once
#include <optional>

#include "fuzz/program/grammar.hh"
#include "fuzz/program/random.hh"

namespace cupel::fuzz {

// An earlier result out of `wanted`, of the steps before `end`.
std::optional<ResultRef> find_result(const Grammar& grammar, Random& random, const Program& program, size_t end, ResourceSet wanted);

// Makes programs of an interface's calls: whoever needs something mostly comes after someone who makes it, values are
// those worth trying, and now and then anything at all. Each program prefers a few calls over the others, so that calls
// meet their own kind ("swarm testing", Groce and others, ISSTA 2012), often all of them about one kind of thing; and what
// a call changed is often looked at by the next.
class Generator {
 public:
  explicit Generator(const Grammar& grammar);

  // A program of exactly `steps` calls (none, where the interface has none), in normal form.
  void generate(Random& random, size_t steps, Program& out);
  // Of a length of its own choice, mostly short.
  void generate(Random& random, Program& out);

  // An argument for step `at`, given the steps before it; not yet in normal form. Appends what its object holds to
  // `bytes`, which is where its blob_offset points.
  Arg make_arg(Random& random, const Program& program, size_t at, const interface::ArgDesc& desc, std::vector<std::byte>& bytes) const;
  uint16_t pick_call(Random& random) const { return static_cast<uint16_t>(random.below(static_cast<uint32_t>(grammar_.call_count()))); }
  // The raw value of a struct's field.
  uint64_t field_value(Random& random, const Program& program, size_t at, const interface::FieldDesc& field) const;

  // Faults, tampering, scheduling and the host's policy.
  void vary_circumstances(Random& random, Program& program) const;
  void add_fault(Random& random, Program& program) const;
  void add_tamper(Random& random, Program& program) const;
  void pick_schedule(Random& random, Program& program) const;
  // A task that may exist when step `at` is made.
  uint8_t pick_task(Random& random, const Program& program, size_t at) const;

 private:
  void append(Random& random, uint16_t call, unsigned depth, size_t steps, Program& out);
  void append_producer(Random& random, const interface::ArgDesc& desc, unsigned depth, size_t steps, Program& out);
  uint16_t pick_favourite(Random& random, ResourceSet about) const;
  void append_look(Random& random, size_t steps, Program& out);
  Arg make_scalar(Random& random, const Program& program, size_t at, const interface::ArgDesc& desc) const;
  Arg make_place(Random& random, const Program& program, size_t at, const interface::ArgDesc& desc) const;
  bool append_earlier_path(Random& random, const Program& program, size_t at, std::vector<std::byte>& bytes) const;
  void make_structs(Random& random, const Program& program, size_t at, const interface::StructDesc& element, size_t count, std::vector<std::byte>& bytes) const;

  const Grammar& grammar_;
  struct PathUse {
    uint8_t paths = 0;   // arguments
    bool makes = false;  // the last of them
  };
  std::vector<PathUse> path_uses_;  // by call
  std::vector<ResourceSet> abouts_;  // what each call's arguments speak of: resources, and names
  std::vector<uint16_t> lookers_;  // calls that tell and make nothing
  std::vector<uint16_t> waiters_;  // calls that may wait for another task
  std::vector<uint16_t> namers_;  // calls that make a path
  ResourceSet available_ = 0;     // what the program at work has made so far
  bool named_ = false;            // and whether there is a path in it
  bool plain_ = false;            // the call at work is to succeed, rather than to be tried
  std::vector<std::byte> bytes_;  // of one argument
};

}  // namespace cupel::fuzz
