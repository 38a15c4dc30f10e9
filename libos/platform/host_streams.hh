#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/base/result.hh"

// Streams of bytes that the host lends a machine: its standard input, output and error output. Nothing here blocks.
namespace cupel::platform {

class HostStreams {
 public:
  static constexpr uint32_t count = 3;
  // Where there is no such stream, or the host closed it: EIO.
  // 0: the end. EAGAIN: nothing is there now.
  virtual Result<size_t> read(uint32_t stream, std::span<std::byte> out) = 0;
  // How many bytes went; EAGAIN: none fits now. EPIPE: nobody will read them.
  virtual Result<size_t> write(uint32_t stream, std::span<const std::byte> bytes) = 0;
  struct Ready {
    bool in, out, hang_up;
  };
  virtual Ready ready(uint32_t stream) = 0;
  // When it is so, or may be, whoever runs the machine calls Machine::stream_changed().
  virtual void await(uint32_t stream, Ready wanted) = 0;
  // Its type and permissions as fstat(2) has them.
  virtual uint32_t mode(uint32_t stream) = 0;

 protected:
  ~HostStreams() = default;
};

}  // namespace cupel::platform
