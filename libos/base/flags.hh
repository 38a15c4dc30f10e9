#pragma once
#include "libos/base/result.hh"

namespace cupel {

// `value` where all its bits are among `known`: EINVAL otherwise, so that a bit without a meaning today can be given
// one later (Documentation/process/adding-syscalls.rst of Linux).
template <class Word>
constexpr Result<Word> decode_flags(const Word& value, const Word& known) {
  if ((value & ~known) != Word(0)) return fail(Errno::inval);
  return value;
}

}  // namespace cupel
