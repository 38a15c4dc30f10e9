#include "fuzz/host/kernel.hh"

#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "fuzz/host/futex.hh"
#include "fuzz/linux/world.hh"
#include "fuzz/program/program.hh"
#include "libos/base/check.hh"

namespace cupel::host {
namespace {

constexpr size_t batch_size = size_t{8} << 20;  // bytes
constexpr size_t shared_size = page_size + Kernel::batch_count * batch_size;
static_assert(sizeof(Desk) <= page_size);

// No call here needs longer on its own: one that does not come back waits for something that will not happen.
constexpr std::chrono::milliseconds patience{100};
constexpr int nudges_max = 50;

}  // namespace

void Kernel::Unmap::operator()(std::byte* memory) const { munmap(memory, shared_size); }

std::expected<std::unique_ptr<Kernel>, std::string> Kernel::start(const libos::Config& config, std::span<const uint16_t> calls) {
  void* memory = mmap(nullptr, shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return std::unexpected(std::string("no shared memory: ") + std::strerror(errno));
  std::unique_ptr<Kernel> kernel(new Kernel);
  auto* bytes = static_cast<std::byte*>(memory);
  kernel->memory_.reset(bytes);
  kernel->place_.desk = new (bytes) Desk;
  kernel->place_.memory = {bytes + page_size, batch_count * batch_size};
  kernel->place_.config = config;
  for (size_t index = 0; index < batch_count; ++index) {
    kernel->batches_.emplace_back(kernel->place_.memory.subspan(index * batch_size, batch_size));
  }
  kernel->calls_.assign(calls.begin(), calls.end());
  kernel->calls_.insert(kernel->calls_.end(), Child::own_calls().begin(), Child::own_calls().end());
  std::ranges::sort(kernel->calls_);
  const auto twice = std::ranges::unique(kernel->calls_);
  kernel->calls_.erase(twice.begin(), twice.end());
  if (auto launched = kernel->launch(); !launched) return std::unexpected(launched.error());
  return kernel;
}

Kernel::~Kernel() = default;

std::expected<void, std::string> Kernel::launch() {
  sandbox_.reset();
  child_ = std::make_unique<Child>(place_);
  Confinement confinement;
  confinement.calls = calls_;
  confinement.descriptors_max = place_.config.descriptors_max;
  confinement.processes_max = place_.config.tasks_max;
  confinement.locked_max = place_.config.locked_max;
  confinement.signals_max = place_.config.signals_max;
  confinement.file_size_max = place_.config.file_size_max;
  // No more than the whole machine has: fallocate(2) of a gigabyte would take the kernel half a second.
  confinement.storage_max = fuzz::World::arena_size;
  auto sandbox = Sandbox::start(confinement, *child_);
  if (!sandbox) return std::unexpected(sandbox.error());
  sandbox_.emplace(std::move(*sandbox));
  return {};
}

void Kernel::ask(const Batch& batch, uint32_t first_program) {
  Desk& desk = *place_.desk;
  desk.offset = static_cast<uint64_t>(batch.start(first_program) - place_.memory.data());
  desk.first = first_program;
  desk.end = static_cast<uint32_t>(batch.program_count());
  desk.program = first_program;
  desk.asked = desk.answered + 1;
  futex_wake(desk.asked);
}

void Kernel::submit(Batch& batch) {
  CHECK(place_.desk->asked == place_.desk->answered);
  if (batch.program_count() > 0) ask(batch, 0);
}

std::expected<void, std::string> Kernel::finish(Batch& batch) {
  Desk& desk = *place_.desk;
  uint32_t calls_seen = desk.calls;
  int nudges = 0;
  while (desk.answered != desk.asked) {
    futex_wait(desk.answered, desk.asked - 1, patience);
    if (desk.answered == desk.asked) break;
    if (sandbox_->alive()) {
      const uint32_t calls_now = desk.calls;
      nudges = calls_now == calls_seen ? nudges + 1 : 0;
      calls_seen = calls_now;
      if (nudges > 0) sandbox_->signal(nudge_signal);
      if (nudges < nudges_max) continue;
    }
    ++deaths_;
    const uint32_t program = std::min<uint32_t>(desk.program, desk.end - 1);
    if (batch.call_count(program) > 0) batch.mark(program, std::min<size_t>(desk.call, batch.call_count(program) - 1), State::died);
    desk.asked.store(desk.answered);
    if (auto launched = launch(); !launched) return launched;
    if (program + 1 == desk.end) break;
    ask(batch, program + 1);
    nudges = 0;
  }
  return {};
}

}  // namespace cupel::host
