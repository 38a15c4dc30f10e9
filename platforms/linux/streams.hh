#pragma once
#include "libos/platform/host_streams.hh"

namespace cupel::on_linux {

// The machine's standard streams: host descriptors 0, 1 and 2, which other processes have as well, so that none is ever made
// non-blocking: poll(2) says first what can be done.
class Streams final : public platform::HostStreams {
 public:
  Result<size_t> read(uint32_t stream, std::span<std::byte> out) override;
  Result<size_t> write(uint32_t stream, std::span<const std::byte> bytes) override;
  Ready ready(uint32_t stream) override;
  void await(uint32_t stream, Ready wanted) override;
  uint32_t mode(uint32_t stream) override { return modes_[stream]; }
  // Looks at the descriptors once, before the machine starts.
  void inspect();

 private:
  uint32_t modes_[count] = {};
};

}  // namespace cupel::on_linux
