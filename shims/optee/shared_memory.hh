#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/base/check.hh"
#include "shims/optee/message.hh"

// Memory of the normal world which calls may name: registered under a cookie, lent for one call, or given to us for a reply.
// Its pages' addresses are kept here: what the normal world's list says later is nothing to us.
namespace cupel::optee {

inline constexpr uint32_t shm_max = 12, shm_pages_max = 600;

enum class ShmKind : uint8_t {
  none,
  registered,  // by the normal world, which may take it back by its cookie
  guarded,     // given to us for a reply: only we give it back
  temporary,   // a parameter's memory, for one call; has no cookie
};

struct Shm {
  ShmKind kind = ShmKind::none;
  uint32_t refs = 0;
  uint64_t cookie = 0, offset = 0, size = 0;
  uint32_t page_count = 0;
  std::array<uint64_t, shm_pages_max> pages;

  // Where byte `at` of it lies. Windows are judged before: one beyond its end is our own mistake.
  uint64_t address(uint64_t at) const {
    CHECK(at < size);
    return pages[(offset + at) / message::page_size] + (offset + at) % message::page_size;
  }
};

class ShmTable {
 public:
  using Index = uint32_t;

  // A place to be filled in; it counts for nothing until add().
  TeeResult<Index> take();
  Shm& at(Index index) { return all_[index]; }
  const Shm& at(Index index) const { return all_[index]; }
  // The place becomes memory. Temporary and guarded memory has one reference from the start.
  TeeResult<> add(Index index, ShmKind kind, uint64_t cookie);
  void drop(Index index) { all_[index] = Shm{.pages = all_[index].pages}; }

  // A reference to the memory of that cookie.
  TeeResult<Index> get(uint64_t cookie);
  void put(Index index);
  TeeResult<> unregister(uint64_t cookie);
  // Guarded memory is given back.
  void release(Index index);

  uint32_t references() const;
  uint32_t count(ShmKind kind) const;
  void check() const;

 private:
  TeeResult<Index> find(uint64_t cookie) const;
  std::array<Shm, shm_max> all_{};
};

}  // namespace cupel::optee
