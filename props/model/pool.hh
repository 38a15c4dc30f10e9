#pragma once
#include <cstdint>
#include <deque>

namespace cupel::props {

// Things of one kind, named by `Id`. They live until reset(), which keeps their memory for the next program.
template <class T, class Id>
class Pool {
 public:
  Id make() {
    if (count_ == items_.size()) {
      items_.emplace_back();
    } else {
      items_[count_].clear();
    }
    return static_cast<Id>(count_++);
  }
  void reset() { count_ = 0; }
  uint32_t count() const { return count_; }

  T& operator[](Id id) { return items_[static_cast<uint32_t>(id)]; }
  const T& operator[](Id id) const { return items_[static_cast<uint32_t>(id)]; }

 private:
  std::deque<T> items_;  // which stay where they are: rules hold views into them
  uint32_t count_ = 0;
};

}  // namespace cupel::props
