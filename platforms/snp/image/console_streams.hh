#pragma once
#include "libos/platform/host_streams.hh"

namespace cupel::image {

// The serial console as a first program's standard output and error output. There is no input: reading is at its end at once.
class ConsoleStreams final : public platform::HostStreams {
 public:
  Result<size_t> read(uint32_t, std::span<std::byte>) override { return size_t{0}; }
  Result<size_t> write(uint32_t stream, std::span<const std::byte> bytes) override;
  Ready ready(uint32_t) override { return {.in = true, .out = true, .hang_up = false}; }
  void await(uint32_t, Ready) override {}  // never, as all of it is ready always
  uint32_t mode(uint32_t) override { return 020620; }  // a character device
};

}  // namespace cupel::image
