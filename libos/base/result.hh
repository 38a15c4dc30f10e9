#pragma once
#include <expected>

#include "libos/base/errno.hh"

namespace cupel {

// What every fallible operation returns. Errors are values; a bug is a failed CHECK.
template <class T = void>
using Result = std::expected<T, Errno>;

// The result of a call which answers 0 on success.
struct Done {
  friend bool operator==(Done, Done) = default;
};

constexpr std::unexpected<Errno> fail(Errno error) { return std::unexpected(error); }

}  // namespace cupel

// The value of `expression`, or return its error from the enclosing function.
#define TRY(expression)                                                                 \
  __extension__({                                                                       \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wshadow\"")   \
    auto&& try_result = (expression);                                                   \
    _Pragma("clang diagnostic pop") if (!try_result) [[unlikely]]                       \
      return ::std::unexpected(try_result.error());                                     \
    *::std::move(try_result);                                                           \
  })
