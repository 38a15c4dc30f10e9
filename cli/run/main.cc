// cupel run: a machine on this host whose kernel is libos, and an unmodified program in it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstring>

#include "cli/run/boot.hh"
#include "cli/run/explain.hh"
#include "cli/run/snp_qemu.hh"
#include "platforms/linux/supervisor.hh"
#include "platforms/linux/traps.hh"

namespace cupel::run {
namespace {

int complain(const std::string& message) {
  fmt::print(stderr, "cupel: {}\n", message);
  return exit_failed;
}

// The shared region, mapped where it is in every process of the machine; its descriptor, or -1 with errno.
int make_shared_region(uint64_t arena_size) {
  const int descriptor = memfd_create("cupel", MFD_CLOEXEC);
  const uint64_t size = on_linux::SharedLayout::arena + arena_size;
  if (descriptor < 0 || ftruncate(descriptor, static_cast<off_t>(size)) != 0) return -1;
  // SAFETY: an address of our choice; MAP_FIXED_NOREPLACE fails where something is.
  void* const at = mmap(reinterpret_cast<void*>(on_linux::shared_base), size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, descriptor, 0);
  if (at == MAP_FAILED) return -1;
  new (at) on_linux::SharedState(static_cast<std::byte*>(at) + on_linux::SharedLayout::table_pages);
  return descriptor;
}

int run(const Options& options) {
  auto files = on_linux::TreeServer::open(options.root);
  if (!files) return complain(files.error());
  const int descriptor = make_shared_region(options.memory);
  if (descriptor < 0) return complain(fmt::format("cannot map the machine's memory ({}): {}", options.memory, std::strerror(errno)));
  static Guest guest;
  static on_linux::LinuxPlatform platform(guest, descriptor);
  platform.host_streams().inspect();
  if (options.no_patch) guest.never_patch();
  on_linux::set_platform_here(platform);
  on_linux::Supervisor supervisor(platform, std::move(*files));
  const pid_t first = fork();
  if (first < 0) return complain(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (first == 0) {
    on_linux::install_handlers();
    boot(guest, platform, options);
  }
  return supervisor.run(first);
}

}  // namespace
}  // namespace cupel::run

int main(int count, char** arguments) {
  cupel::run::Options options;
  CLI::App app{"Runs an unmodified program on libos. Exit codes: the program's own (128 and the signal's number where one ended it),\n"
               "125 Cupel failed, 126 not executable, 127 not found.", "cupel run"};
  app.add_option("--root", options.root, "the host directory that is the program's root, read-only below what it writes")->capture_default_str();
  app.add_option("--workdir", options.working_directory, "where it starts; the caller's directory");
  app.add_option("--env", options.variables, "NAME=VALUE, beside the caller's environment")->allow_extra_args(false);
  app.add_option("--memory", options.memory, "bytes for all it keeps, files included (4GiB)")->transform(CLI::AsSizeValue(false));
  app.add_flag("--explain", options.explain, "print the policy in force, run nothing");
  app.add_flag("--json", options.json, "with --explain: one JSON object");
  app.add_flag("--require-isolation", options.require_isolation, "refuse to run where no protection keys keep the program from libos");
  app.add_flag("--no-patch", options.no_patch, "every call traps: slower, to compare");
  app.add_option("--platform", options.platform, "linux: this host; snp-qemu: the SEV-SNP image in QEMU, without SEV, to test it")->check(CLI::IsMember({"linux", "snp-qemu"}))->capture_default_str();
  app.add_option("--archive", options.archive, "with snp-qemu: a tar archive of its files (busybox)");
  app.add_option("COMMAND", options.command, "the program and its arguments, behind --");
  app.positionals_at_end();
  app.footer("Example:\n  ./cupel run -- sh -c 'ls / | wc -l'\n\nWhat runs and what does not, and how: docs/run.md");
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : cupel::run::exit_failed;
  }
  const bool in_qemu = options.platform == "snp-qemu";
  if (!in_qemu && !options.archive.empty()) return cupel::run::complain("--archive is for --platform snp-qemu");
  if (options.explain && !in_qemu) return cupel::run::explain(options);
  if (options.command.empty()) return cupel::run::complain("which program? cupel run [OPTIONS] -- PROGRAM ARGUMENT...");
  if (in_qemu) return cupel::run::run_in_qemu(options);
  if (options.require_isolation) return cupel::run::complain(std::string("--require-isolation: ") + cupel::run::isolation_here());
  return cupel::run::run(options);
}
