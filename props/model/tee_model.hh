#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What a trusted OS promises the normal world about its sessions and its shared memory. Shares no code with the shim; numbers are
// the protocol's.
namespace cupel::props {

struct TeeMessage {
  uint32_t cmd = 0, func = 0, session = 0, count = 0;
  std::array<std::array<uint64_t, 4>, 6> params{};  // what, and three words
};

// Where the normal world's memory may be asked: a page that is plain memory of its, and a word of it.
struct TeeMemory {
  std::function<bool(uint64_t page)> normal;
  std::function<uint64_t(uint64_t address)> word;
};

// What a message must come to: that result, or an application's.
struct TeeVerdict {
  bool known = true;    // false: the model does not say
  bool enters = false;  // the application is asked
  uint32_t code = 0;    // otherwise
  std::string why;
};

class TeeModel {
 public:
  using Flags = std::function<uint32_t(uint64_t ta)>;
  TeeModel(uint64_t applications, Flags flags) : applications_(applications), flags_(std::move(flags)) {}
  void reset() { sessions_.clear(), instances_.clear(), cookies_.clear(), under_way_.clear(); }

  // Before a call: nothing of it has happened yet. Calls within calls end first.
  TeeVerdict begin(const TeeMessage& message, const TeeMemory& memory);
  TeeVerdict predict(const TeeMessage& message, const TeeMemory& memory) const;
  // It has ended with this result; `session` is what the message says now. Empty, or what must not have been.
  std::string finished(const TeeMessage& message, uint32_t code, uint32_t session, const TeeVerdict& verdict);

  enum class Entry : uint8_t { create, destroy, open, close, invoke };
  // An application is entered, or has come back. Empty, or what must not have been.
  std::string entering(Entry entry, uint32_t ta, uint32_t instance, uint32_t session);
  std::string left(Entry entry, uint32_t instance, uint32_t session, bool panicked, uint32_t code);

  size_t cookies() const { return cookies_.size(); }
  size_t sessions() const { return sessions_.size(); }

 private:
  struct Instance {
    uint32_t ta = 0;
    bool dead = false, entered = false, started = false;
  };
  struct Session {
    uint32_t instance = 0;
    bool busy = false, open = false;
    bool cancelled = false;  // since it became busy
  };
  TeeVerdict predict_open(const TeeMessage& message, const TeeMemory& memory) const;
  TeeVerdict predict_command(const TeeMessage& message, const TeeMemory& memory) const;
  std::optional<TeeVerdict> params(const TeeMessage& message, size_t first, const TeeMemory& memory) const;
  std::optional<TeeVerdict> memory_of(const std::array<uint64_t, 4>& param, const TeeMemory& memory, uint64_t& total) const;
  uint32_t sessions_of(uint32_t instance) const;
  // The table of memory may be full: who comes first is then nobody's promise.
  bool crowded() const { return cookies_.size() + 5 * under_way_.size() > 11; }
  bool held(uint64_t cookie) const;
  // Cookies of memory that was given to us for replies.
  static bool is_given(uint64_t cookie) { return cookie >= 0x1000 && cookie < 0x2000; }

  std::vector<std::pair<TeeMessage, bool>> under_way_;  // and whether an application is asked
  uint64_t applications_;
  Flags flags_;
  std::map<uint32_t, Session> sessions_;
  std::map<uint32_t, Instance> instances_;
  std::map<uint64_t, uint64_t> cookies_;  // and how large each is
};

}  // namespace cupel::props
