#pragma once
#include <cstdint>
#include <string_view>

#include "libos/base/errno_list.hh"

namespace cupel {

// A Linux error number. No E in the names: <string> drags in errno.h, whose macros would rewrite them.
enum class Errno : uint16_t {
#define CUPEL_ERRNO_ENUMERATOR(name, value, text) name = value,
  CUPEL_ERRNOS(CUPEL_ERRNO_ENUMERATOR)
#undef CUPEL_ERRNO_ENUMERATOR
};

// "ENOENT" for Errno::noent; "E?" for a number Linux does not define.
std::string_view errno_name(Errno error);

}  // namespace cupel
