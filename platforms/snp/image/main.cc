// From the loader's entry to the first program.
#include <new>

#include "libos/base/arena.hh"
#include "platforms/snp/image/boot_info.hh"
#include "platforms/snp/image/first_files.hh"
#include "platforms/snp/image/first_program.hh"
#include "platforms/snp/image/guest_entry.hh"
#include "platforms/snp/image/instructions.hh"
#include "platforms/snp/image/kind.hh"
#include "platforms/snp/image/must.hh"
#include "platforms/snp/image/serial.hh"
#include "platforms/snp/image/sev_status.hh"
#include "platforms/snp/image/timer.hh"

extern "C" std::byte image_end[];

namespace cupel::image {
namespace {

using libos::Machine;
using snp::Reason;

alignas(ImagePlatform) constinit std::byte platform_storage[sizeof(ImagePlatform)]{};

// Where a program's parts lie: the lower half of a 47-bit space, with nothing of the kernel in it.
libos::Config config_for_programs() {
  libos::Config config;
  config.address_low = 0x10'0000'0000, config.address_high = 0x7f00'0000'0000;
  config.break_base = 0x8000'0000, config.break_size_max = uint64_t{1} << 30;
  config.stack_top = 0x7fff'ff00'0000, config.stack_size_max = 8 << 20, config.argument_size_max = 2 << 20;
  config.tasks_max = ImagePlatform::threads_max;
  config.hardware_capabilities = cpuid(1).edx;
  return config;
}

// The host's memory map, without the image and the archive. An eighth is for page tables and kernel stacks, the rest the arena.
Arena& share_out_memory(const BootInfo& info, ImagePlatform& platform) {
  const uint64_t floor = reinterpret_cast<uint64_t>(image_end) - image_base;  // SAFETY: the image's end, as a physical address
  const PhysicalRange free = largest_free(info.memory(), floor, {&info.module, 1}, direct_map_size);
  constexpr uint64_t least = 32 << 20;
  if (free.size < least) end_by_reason(Reason::boot_data, "the host gives too little memory");
  const uint64_t pool = page_floor(free.size / 8);
  platform.set_up(free.start, pool);
  return *Arena::create({at_physical<std::byte>(free.start + pool), page_floor(free.size - pool)});
}

[[noreturn]] void run_plain(uint64_t start_info) {
  const auto info = read_boot_info(PhysicalMemory(at_physical<std::byte>(0), direct_map_size), start_info);
  if (!info) end_by_reason(Reason::boot_data, "the loader left no start info");
  auto& platform = *new (platform_storage) ImagePlatform;
  Arena& arena = share_out_memory(*info, platform);
  Machine& machine = *must(Machine::boot(arena, platform, config_for_programs()), "no room for the machine");
  serve(machine, platform);
  must(make_first_files(machine, info->archive), "the archive cannot be unpacked");
  libos::Task& task = machine.first_task();
  must(open_streams(task), "no room for the console");
  libos::NewProgram program = prepare_first(machine, info->command_line);
  // The task is no thread yet, so the platform starts it where become() would let it go on.
  const platform::GuestRegisters registers{.rip = program.entry, .rsp = program.stack};
  must(platform.start(task.tid(), program.space->id(), registers), "no room for a thread");
  task.credentials = program.credentials;
  task.start_program(std::move(program.space));
  timer::set_up();
  platform.run();
}

}  // namespace
}  // namespace cupel::image

extern "C" [[noreturn]] void image_main(uint64_t start_info) {
  using namespace cupel::image;
  set_up_processor();
  serial::set_up();
  if (is_snp_guest()) end_by_reason(cupel::snp::Reason::general, "starting as an SEV-SNP guest is not written yet");
  if (!for_testing) end_by_reason(cupel::snp::Reason::sev_status, "this machine is no SEV-SNP guest; a release image runs nowhere else");
  run_plain(start_info);
}
