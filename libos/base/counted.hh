#pragma once
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>

#include "libos/base/arena.hh"

namespace cupel {

// An arena object with shared owners. Derive from it first; make it with make_counted(); hold it by Ref.
class Counted {
 public:
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  uint32_t owner_count() const { return owner_count_; }
  Arena& arena() const { return *arena_; }

 protected:
  Counted() = default;
  virtual ~Counted() = default;

  // Storage is the arena's: the deleting destructor is never the one that runs.
  static void operator delete(void*) {}

 private:
  template <class T, class... Args>
  friend Result<boost::intrusive_ptr<T>> make_counted(Arena& arena, Args&&... args);
  friend void intrusive_ptr_add_ref(Counted* object) { ++object->owner_count_; }
  friend void intrusive_ptr_release(Counted* object) {
    CHECK(object->owner_count_ > 0);
    if (--object->owner_count_ > 0) return;
    Arena& arena = *object->arena_;
    const size_t size = object->size_;
    object->~Counted();
    arena.free(object, size);
  }

  Arena* arena_ = nullptr;
  uint32_t size_ = 0;
  uint32_t owner_count_ = 0;
};

template <class T>
using Ref = boost::intrusive_ptr<T>;

template <class T, class... Args>
Result<boost::intrusive_ptr<T>> make_counted(Arena& arena, Args&&... args) {
  T* object = TRY(arena.make<T>(std::forward<Args>(args)...));
  Counted* base = object;
  CHECK(static_cast<void*>(base) == static_cast<void*>(object));  // freed by the address of its first base
  base->arena_ = &arena;
  base->size_ = sizeof(T);
  return boost::intrusive_ptr<T>(object);
}

}  // namespace cupel
