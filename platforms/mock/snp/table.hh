#pragma once
#include <cstdint>
#include <memory>

namespace cupel::mock_snp {

// One entry for each frame or page. Numbers wrap, so that every number has one; looked at with each load and store of a guest.
template <class T, uint32_t count>
class Table {
  static_assert((count & (count - 1)) == 0, "wrapping is masking");

 public:
  Table() : entries_(std::make_unique<T[]>(count)), first_(entries_.get()) {}
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  [[gnu::always_inline]] T& operator[](uint64_t number) { return first_[number & (count - 1)]; }
  [[gnu::always_inline]] const T& operator[](uint64_t number) const { return first_[number & (count - 1)]; }

 private:
  std::unique_ptr<T[]> entries_;
  T* first_;
};

}  // namespace cupel::mock_snp
