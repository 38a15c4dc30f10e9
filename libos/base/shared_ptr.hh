#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libos/base/site.hh"
#include "libos/base/untrusted.hh"

namespace cupel {

// Watches loads and stores of memory that a host shares with us. The mock implements it (each load may be answered
// differently); on real hardware there is none and an access is one volatile instruction.
class SharedAccess {
 public:
  virtual void before_load(const volatile void* address, size_t size, const Site& site) = 0;
  // Before a read that replaces what it reads: each such read is an answer of its own, and no second look at the same.
  virtual void before_exchange(const volatile void* address, size_t size, const Site& site) = 0;
  virtual void after_store(volatile void* address, size_t size) = 0;

 protected:
  ~SharedAccess() = default;
};

// Memory which a host can change at any moment. Every read is one access of its natural width and gives an
// Untrusted value; to use a word twice, read it once and keep the copy. Each read is a site with a name.
template <class T>
  requires(std::is_integral_v<T>)
class SharedPtr {
 public:
  constexpr SharedPtr(volatile T* address, SharedAccess* access) : address_(address), access_(access) {}

  [[nodiscard]] Untrusted<T> read_once(const Site* site) const {
    if (access_ != nullptr) access_->before_load(address_, sizeof(T), *site);
    return Untrusted<T>(*address_);
  }

  void write(T value) const {
    *address_ = value;
    if (access_ != nullptr) access_->after_store(address_, sizeof(T));
  }

  // Reads and replaces at once: what arrives between the two is not lost.
  [[nodiscard]] Untrusted<T> exchange(T value, const Site* site) const {
    if (access_ != nullptr) access_->before_exchange(address_, sizeof(T), *site);
    const Untrusted<T> before(__atomic_exchange_n(address_, value, __ATOMIC_SEQ_CST));
    if (access_ != nullptr) access_->after_store(address_, sizeof(T));
    return before;
  }

 private:
  volatile T* address_;
  SharedAccess* access_;
};

}  // namespace cupel
