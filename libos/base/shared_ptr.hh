#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libos/base/untrusted.hh"

namespace cupel {

// Watches loads and stores of memory that a host shares with us. The mock implements it (each load may be answered
// differently); on real hardware there is none and an access is one volatile instruction.
class SharedAccess {
 public:
  virtual void before_load(const volatile void* address, size_t size) = 0;
  virtual void after_store(volatile void* address, size_t size) = 0;

 protected:
  ~SharedAccess() = default;
};

// Memory which a host can change at any moment. Every read is one access of its natural width and gives an
// Untrusted value; to use a word twice, read it once and keep the copy.
template <class T>
  requires(std::is_integral_v<T>)
class SharedPtr {
 public:
  constexpr SharedPtr(volatile T* address, SharedAccess* access) : address_(address), access_(access) {}

  [[nodiscard]] Untrusted<T> read_once() const {
    if (access_ != nullptr) access_->before_load(address_, sizeof(T));
    return Untrusted<T>(*address_);
  }

  void write(T value) const {
    *address_ = value;
    if (access_ != nullptr) access_->after_store(address_, sizeof(T));
  }

 private:
  volatile T* address_;
  SharedAccess* access_;
};

}  // namespace cupel
