#include "platforms/linux/streams.hh"

#include <linux/futex.h>
#include <poll.h>
#include <sys/stat.h>

#include "platforms/linux/host_call.hh"
#include "platforms/linux/shared_state.hh"

namespace cupel::on_linux {
namespace {

short poll_now(uint32_t stream) {
  pollfd look{static_cast<int>(stream), POLLIN | POLLOUT, 0};
  host_call(__NR_poll, address_of(&look), 1, 0);
  return look.revents;
}

Errno as_errno(int64_t result) { return result == -static_cast<int64_t>(Errno::pipe) ? Errno::pipe : result == -static_cast<int64_t>(Errno::intr) ? Errno::again : Errno::io; }

}  // namespace

void Streams::inspect() {
  for (uint32_t stream = 0; stream < count; ++stream) {
    struct stat found{};
    modes_[stream] = fstat(static_cast<int>(stream), &found) == 0 ? found.st_mode : S_IFCHR;
    // A file of the host's is a stream here: there is no seeking in it.
    if (S_ISREG(modes_[stream])) modes_[stream] = S_IFIFO | (modes_[stream] & 0777u);
  }
}

Result<size_t> Streams::read(uint32_t stream, std::span<std::byte> out) {
  if ((poll_now(stream) & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) == 0) return fail(Errno::again);
  const int64_t got = host_call(__NR_read, stream, address_of(out.data()), out.size());
  return got < 0 ? Result<size_t>(fail(as_errno(got))) : static_cast<size_t>(got);
}

Result<size_t> Streams::write(uint32_t stream, std::span<const std::byte> bytes) {
  if ((poll_now(stream) & (POLLOUT | POLLHUP | POLLERR | POLLNVAL)) == 0) return fail(Errno::again);
  const int64_t sent = host_call(__NR_write, stream, address_of(bytes.data()), bytes.size());
  return sent < 0 ? Result<size_t>(fail(as_errno(sent))) : static_cast<size_t>(sent);
}

platform::HostStreams::Ready Streams::ready(uint32_t stream) {
  const short events = poll_now(stream);
  return {.in = (events & (POLLIN | POLLHUP)) != 0, .out = (events & (POLLOUT | POLLERR)) != 0, .hang_up = (events & (POLLHUP | POLLERR)) != 0};
}

void Streams::await(uint32_t stream, Ready wanted) {
  std::atomic<uint32_t>& word = shared().stream_wanted[stream];
  const uint32_t bits = (wanted.in ? POLLIN : 0u) | (wanted.out ? POLLOUT : 0u);
  if ((word.fetch_or(bits, std::memory_order_release) & bits) != bits) host_call(__NR_futex, address_of(&word), FUTEX_WAKE, 1);
}

}  // namespace cupel::on_linux
