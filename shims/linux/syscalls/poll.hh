#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// The first word of an fd_set, which is as long as the call's count of descriptors says.
struct FdSet {
  uint64_t bits;
};

Result<uint64_t> poll(Task& task, InOutArray<PollFd> fds, Int timeout_ms);
Result<uint64_t> ppoll(Task& task, InOutArray<PollFd> fds, OptionalIn<RawTimespec> timeout, Address mask, Size mask_size);
Result<uint64_t> select(Task& task, Int count, OptionalInOut<FdSet> in, OptionalInOut<FdSet> out, OptionalInOut<FdSet> except, OptionalIn<Timeval> timeout);
Result<uint64_t> pselect6(Task& task, Int count, OptionalInOut<FdSet> in, OptionalInOut<FdSet> out, OptionalInOut<FdSet> except, OptionalIn<RawTimespec> timeout, Address mask);

// A set of signals as a waiting call is given it: EINVAL where it has another size, EFAULT where it cannot be read. No signal can
// arrive yet, so that it changes nothing.
Result<> check_mask(Task& task, uint64_t address, uint64_t size);
// Sleeps until the deadline, or until a clock that is waited for ticks: ETIMEDOUT only for the deadline.
Result<> sleep_to_look(Task& task, platform::Nanoseconds deadline, platform::Nanoseconds tick);
// When a wait of that many milliseconds is over; 0: it does not begin.
platform::Nanoseconds deadline_in_ms(Task& task, int32_t milliseconds);
// Of a timeout that may not be given.
Result<platform::Nanoseconds> deadline_of(Task& task, OptionalIn<RawTimespec> timeout);

}  // namespace cupel::linux_shim
