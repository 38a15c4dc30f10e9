#pragma once
#include "libos/base/result.hh"
#include "platforms/snp/image/machine_end.hh"

namespace cupel::image {

// What the machine cannot start without; where it is not to be had, that is the end.
template <class T>
T must(Result<T> result, const char* otherwise) {
  if (!result) end_by_reason(snp::Reason::boot_data, otherwise);
  return std::move(*result);
}
inline void must(Result<> result, const char* otherwise) {
  if (!result) end_by_reason(snp::Reason::boot_data, otherwise);
}

}  // namespace cupel::image
