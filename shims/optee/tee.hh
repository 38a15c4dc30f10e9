#pragma once
#include <cstdint>
#include <expected>

#include "libos/base/result.hh"

// GlobalPlatform's result codes, and how functions of this shim answer: an error is a value.
namespace cupel::optee {

enum class Tee : uint32_t {
  success = 0,
  storage_corrupt = 0xf010'0001,
  storage_not_available = 0xf010'0003,
  generic = 0xffff'0000,
  access_denied = 0xffff'0001,
  cancel = 0xffff'0002,
  access_conflict = 0xffff'0003,
  excess_data = 0xffff'0004,
  bad_format = 0xffff'0005,
  bad_parameters = 0xffff'0006,
  bad_state = 0xffff'0007,
  item_not_found = 0xffff'0008,
  not_implemented = 0xffff'0009,
  not_supported = 0xffff'000a,
  no_data = 0xffff'000b,
  out_of_memory = 0xffff'000c,
  busy = 0xffff'000d,
  communication = 0xffff'000e,
  security = 0xffff'000f,
  short_buffer = 0xffff'0010,
  overflow = 0xffff'300f,
  target_dead = 0xffff'3024,
  storage_no_space = 0xffff'3041,
  mac_invalid = 0xffff'3071,
  signature_invalid = 0xffff'3072,
};

// Who says so (TEEC_ORIGIN_*).
enum class Origin : uint32_t { api = 1, comms = 2, tee = 3, trusted_app = 4 };

template <class T = void>
using TeeResult = std::expected<T, Tee>;

constexpr std::unexpected<Tee> refuse(Tee error) { return std::unexpected(error); }

}  // namespace cupel::optee
