#include "libos/base/errno.hh"

namespace cupel {

std::string_view errno_name(Errno error) {
  switch (error) {
#define CUPEL_ERRNO_NAME(name, value, text) \
  case Errno::name: return text;
    CUPEL_ERRNOS(CUPEL_ERRNO_NAME)
#undef CUPEL_ERRNO_NAME
  }
  return "E?";
}

}  // namespace cupel
