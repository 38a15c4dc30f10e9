#include "libos/ipc/pipe.hh"

#include <deque>

#include "libos/machine/machine.hh"
#include "props/properties/chooser.hh"
#include "props/properties/sandbox.hh"

namespace cupel::props {
namespace {

using namespace libos;

constexpr uint64_t capacity = 2 * pipe_atomic_size;

// What goes in comes out, in order, once; a small write goes in whole or not at all; a copy that faults loses nothing that
// had not moved.
template <Chooser C>
void a_pipe_is_a_queue_of_bytes(C& choose) {
  Sandbox sandbox;
  Task& task = sandbox.task();
  const auto nonblock = static_cast<uint32_t>(OpenFlag::nonblock);
  Pipe::Ends ends = *Pipe::create(sandbox.machine().files(), task.credentials, capacity, nonblock);
  FlatMemory memory(3 * pipe_atomic_size);
  std::deque<std::byte> model;
  uint8_t next = 0;
  while (choose.more()) {
    const bool writes = choose.below(2) == 0;
    const uint64_t size = choose.below(2) == 0 ? 1 + choose.below(64) : 1 + choose.below(capacity + 1000);
    const uint64_t address = choose.below(4) == 0 ? memory.bytes.size() - size / 2 : 0;  // half of it is not there
    const uint64_t there = std::min<uint64_t>(size, memory.bytes.size() - address);
    const interface::IoVec part{address, size};
    UserCursor cursor(memory, {&part, 1});
    const uint64_t room = capacity - model.size();
    if (writes) {
      for (uint64_t at = 0; at < there; ++at) memory.bytes[address + at] = std::byte{next++};
      const auto done = ends.writer->write(task, cursor, nullptr);
      const bool whole = size <= pipe_atomic_size;
      const uint64_t most = whole && room < size ? 0 : std::min({size, there, room});
      if (most == 0) CLAIM(!done && (done.error() == Errno::again || there == 0));
      else CLAIM(done == Result<uint64_t>(most));
      for (uint64_t at = 0; at < most; ++at) model.push_back(memory.bytes[address + at]);
    } else {
      const auto done = ends.reader->read(task, cursor, nullptr);
      const uint64_t most = std::min<uint64_t>(there, model.size());
      if (most == 0) CLAIM(!done && done.error() == (model.empty() ? Errno::again : Errno::fault));
      else CLAIM(done == Result<uint64_t>(most));
      for (uint64_t at = 0; at < most; ++at) {
        CLAIM(memory.bytes[address + at] == model.front());
        model.pop_front();
      }
    }
    ends.reader->check();
  }
}

CUPEL_PROPERTY(Pipe, a_pipe_is_a_queue_of_bytes)

}  // namespace
}  // namespace cupel::props
