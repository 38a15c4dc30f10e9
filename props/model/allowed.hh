#pragma once
#include <bitset>
#include <cstring>
#include <initializer_list>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

#include "libos/interface/invocation.hh"
#include "props/model/address_space.hh"
#include "props/model/model.hh"

// What a rule says: the set of outcomes a call may have, each with its effect on the model's world.
namespace cupel::props {

struct World;

// An outcome as effects see it.
struct Actual {
  int64_t value;
  std::span<const interface::Slot> slots;

  // What is in guest memory now; empty where the observer does not look.
  std::span<const std::byte> bytes(uint64_t address, size_t size) const;
  // The same as one number; nothing where it cannot be seen.
  template <class T>
  std::optional<T> number(uint64_t address) const {
    const auto seen = bytes(address, sizeof(T));
    if (seen.empty()) return std::nullopt;
    T value_seen;
    std::memcpy(&value_seen, seen.data(), sizeof(T));
    return value_seen;
  }
};

// A small callable, kept in place: rules make several a call, and must not allocate.
template <class Signature>
class Inline;
template <class R, class... A>
class Inline<R(A...)> {
 public:
  Inline() = default;
  template <class F>
  Inline(F f) : call_([](const void* where, A... a) -> R { return (*static_cast<const F*>(where))(a...); }) {
    static_assert(sizeof(F) <= sizeof(room_) && std::is_trivially_copyable_v<F>);
    new (room_) F(f);
  }
  explicit operator bool() const { return call_ != nullptr; }
  R operator()(A... a) const { return call_(room_, a...); }

 private:
  R (*call_)(const void*, A...) = nullptr;
  alignas(8) std::byte room_[88];
};
using Effect = Inline<void(World&, const Actual&)>;
// Looks at an outcome whose bytes cannot be foretold; says what is wrong with it, or nothing.
using Inspection = Inline<std::string(const World&, const Actual&)>;

// Bytes that a call stores into guest memory.
struct Write {
  uint64_t address;
  size_t size;
  size_t bytes_at;  // in Allowed's store
  enum class Kind : uint8_t { exact, masked, unpredictable } kind;
  size_t mask_at;   // of `masked`: set bits are foretold
  SpaceId space = SpaceId::none;  // none: the caller's own
};

struct Alternative {
  interface::Outcome::Kind kind;
  bool transfer;           // the value counts the bytes written, so fewer are written when it is less
  int64_t low, high;       // the value
  std::optional<Fault> fault;  // which must have been planned
  size_t writes_begin, writes_end;
  Effect effect;
  Inspection inspection;
};

class Allowed {
 public:
  void clear();

  // --- alternatives. Each answers success, so that a rule can end with it. ---
  Result<> may_fail(Errno error) { return errors_.set(static_cast<size_t>(error)), Result<>{}; }
  Result<> may_fail(std::initializer_list<Errno> errors) {
    for (Errno error : errors) errors_.set(static_cast<size_t>(error));
    return {};
  }
  // An error that has an effect, or writes.
  Result<> fails_with_effect(Errno error) { return returns(-static_cast<int64_t>(error)); }
  Result<> returns(int64_t value) { return returns(value, value); }
  Result<> returns(int64_t low, int64_t high) { return add(interface::Outcome::Kind::returned, low, high, false); }
  // A count of bytes moved; with a planned fault, it may be smaller than `low`.
  Result<> transfers(int64_t low, int64_t high) { return add(interface::Outcome::Kind::returned, low, high, true); }
  Result<> blocks() { return add(interface::Outcome::Kind::blocked, 0, 0, false); }
  Result<> ends() { return add(interface::Outcome::Kind::ended, INT64_MIN, INT64_MAX, false); }
  Result<> ends(int64_t value) { return add(interface::Outcome::Kind::ended, value, value, false); }

  // --- of the alternative named last ---
  void writes(uint64_t address, std::span<const std::byte> bytes);
  void writes(uint64_t address, std::span<const std::byte> bytes, std::span<const std::byte> mask);
  void writes_anything(uint64_t address, size_t size) { writes_elsewhere(SpaceId::none, address, size); }
  // Into the memory of another process.
  void writes_elsewhere(SpaceId space, uint64_t address, size_t size);
  template <class T>
  void writes_number(uint64_t address, T number) {
    writes(address, std::as_bytes(std::span(&number, 1)));
  }
  // Room for `size` bytes that the rule fills in itself.
  std::span<std::byte> writes_here(uint64_t address, size_t size);
  // It counts only where this fault was planned.
  void only_with(Fault fault) { last().fault = fault; }
  void then(Effect effect) { last().effect = effect; }
  void inspect(Inspection inspection) { last().inspection = inspection; }

  // EFAULT may leave some of these bytes changed; as it and EINTR may leave those of any alternative.
  void may_scribble(uint64_t address, size_t size);

  // Everything is allowed; on success the model no longer knows the world.
  Result<> lose() { return lost_ = true, Result<>{}; }
  bool lost() const { return lost_; }

  std::span<const Alternative> alternatives() const { return {alternatives_, count_}; }
  std::span<const Write> writes_of(const Alternative& alternative) const {
    return std::span(writes_).subspan(alternative.writes_begin, alternative.writes_end - alternative.writes_begin);
  }
  std::span<const std::byte> bytes_of(const Write& write) const { return std::span(store_).subspan(write.bytes_at, write.size); }
  std::span<const std::byte> mask_of(const Write& write) const { return std::span(store_).subspan(write.mask_at, write.size); }
  bool fails(Errno error) const { return errors_.test(static_cast<size_t>(error)); }
  // Every write of any alternative, and the scribbles.
  std::span<const Write> all_writes() const { return writes_; }

  static constexpr size_t errors_count = 160;
  static constexpr size_t alternatives_max = 6;

 private:
  Result<> add(interface::Outcome::Kind kind, int64_t low, int64_t high, bool transfer);
  Alternative& last() { return alternatives_[count_ - 1]; }
  size_t keep(std::span<const std::byte> bytes);

  std::bitset<errors_count> errors_;
  Alternative alternatives_[alternatives_max];
  size_t count_ = 0;
  bool lost_ = false;
  std::vector<Write> writes_;
  std::vector<std::byte> store_;
};

}  // namespace cupel::props
