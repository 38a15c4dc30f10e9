#pragma once
#include "libos/task/signal_state.hh"
#include "libos/task/task.hh"
#include "shims/linux/abi.hh"

// What calls about guest code read and write beside their typed arguments.
namespace cupel::linux_shim {

template <GuestAbi T>
Result<T> read_value(const libos::Task& task, uint64_t address) {
  T value{};
  TRY(task.memory().read(address, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}
template <GuestAbi T>
Result<> write_value(const libos::Task& task, uint64_t address, const T& value) {
  return task.memory().write(address, std::as_bytes(std::span(&value, 1)));
}

// siginfo_t.
struct RawSignalInfo {
  int32_t number = 0, error = 0, code = 0, padding = 0;
  uint64_t first = 0, second = 0;
  std::array<uint64_t, 12> rest{};
};
static_assert(sizeof(RawSignalInfo) == 128);
inline RawSignalInfo raw_info(const libos::SignalInfo& info) {
  RawSignalInfo raw;
  raw.number = info.number, raw.code = info.code, raw.first = info.first, raw.second = info.second;
  return raw;
}

// stack_t.
struct RawSignalStack {
  static constexpr int32_t auto_disarm = INT32_MIN;  // SS_AUTODISARM: kept armed here
  uint64_t base = 0;
  int32_t flags = 0, padding = 0;
  uint64_t size = 0;
};
inline RawSignalStack raw_stack(const libos::SignalStack& stack, bool is_on_it) {
  return {.base = stack.base, .flags = stack.size == 0 ? libos::SignalStack::disabled : is_on_it ? libos::SignalStack::on_stack : 0, .size = stack.size};
}

}  // namespace cupel::linux_shim
