#include "cli/run/boot.hh"

#include <fmt/format.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "libos/exec/exec.hh"
#include "libos/fd/fd_table.hh"
#include "libos/fd/host_stream.hh"
#include "libos/fs/file_system.hh"
#include "libos/fs/fs_context.hh"
#include "platforms/linux/host_call.hh"
#include "platforms/linux/policy.hh"

namespace cupel::run {
namespace {

using namespace libos;

[[noreturn]] void give_up(int exit_code, const std::string& message) {
  on_linux::say(fmt::format("cupel: {}\n", message).c_str());
  on_linux::SharedState& state = on_linux::shared();
  state.exit_status = exit_code << 8;
  state.finished.store(1, std::memory_order_release);
  state.ring();
  _exit(0);
}

std::string name_of(Errno error) { return std::strerror(static_cast<int>(error)); }

Config config_for(const Options&) {
  Config config;
  config.descriptors_max = 4096;
  config.tasks_max = on_linux::tasks_max - 1;
  config.break_base = 0x100'0000'0000;
  config.break_size_max = uint64_t{64} << 30;
  config.address_low = 0x2000'0000'0000;
  config.address_high = 0x3fff'0000'0000;
  config.stack_top = 0x3fff'f000'0000;
  config.stack_size_max = 8 << 20;
  config.argument_size_max = 2 << 20;
  config.signals = true;
  config.hardware_capabilities = getauxval(AT_HWCAP);
  return config;
}

std::vector<std::string> environment(const Options& options) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) all.emplace_back(*variable);
  for (const std::string& given : options.variables) {
    const std::string name = given.substr(0, given.find('=') + 1);
    std::erase_if(all, [&](const std::string& one) { return one.starts_with(name); });
    all.push_back(given);
  }
  return all;
}

// The file of that name, as execvp(3) looks for it; `path` becomes what was found.
Result<Ref<Inode>> find_program(Task& task, const std::vector<std::string>& variables, std::string& path) {
  const FsContext& fs = task.fs();
  const Walker walker{fs.root, fs.working, &task.credentials};
  FileSystem& files = task.machine().files();
  if (path.find('/') != path.npos) return files.find(walker, path, Follow::yes);
  std::string directories = "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& variable : variables) {
    if (variable.starts_with("PATH=")) directories = variable.substr(5);
  }
  Errno last = Errno::noent;
  for (size_t at = 0; at <= directories.size();) {
    const size_t end = std::min(directories.find(':', at), directories.size());
    const std::string candidate = (end == at ? std::string(".") : directories.substr(at, end - at)) + "/" + path;
    at = end + 1;
    auto found = files.find(walker, candidate, Follow::yes);
    if (found && (*found)->is_regular() && (*found)->allow(task.credentials, Permission::execute)) {
      path = candidate;
      return found;
    }
    if (found || found.error() == Errno::acces) last = Errno::acces;
  }
  return fail(last);
}

void open_streams(Task& task) {
  for (uint32_t stream = 0; stream < platform::HostStreams::count; ++stream) {
    auto number = task.fds().reserve();
    auto file = HostStream::open(task, stream);
    if (!number || !file) give_up(exit_failed, "the machine has no memory for its standard streams: give it more with --memory");
    task.fds().put(*number, *file, CloseOnExec::no);
  }
}

void enter_directory(Task& task, const Options& options) {
  FsContext& fs = task.fs();
  const bool chosen = !options.working_directory.empty();
  char buffer[4096];
  const std::string path = chosen ? options.working_directory : getcwd(buffer, sizeof(buffer)) != nullptr ? buffer : "/";
  auto found = task.machine().files().find({fs.root, fs.root, &task.credentials}, path, Follow::yes);
  if (found && (*found)->is_directory()) fs.working = Ref<Directory>(static_cast<Directory*>(found->get()));
  else if (chosen) give_up(exit_failed, fmt::format("--workdir {}: {} below {}", path, found ? "not a directory" : name_of(found.error()), options.root));
}

NewProgram prepare(Task& task, const Options& options) {
  const std::vector<std::string> variables = environment(options);
  std::string path = options.command[0];
  auto found = find_program(task, variables, path);
  if (!found) {
    const bool missing = found.error() == Errno::noent || found.error() == Errno::notdir;
    give_up(missing ? exit_not_found : exit_not_executable, fmt::format("{}: {} (looked below {})", options.command[0], missing ? "not found" : name_of(found.error()), options.root));
  }
  Machine& machine = task.machine();
  auto* arguments = machine.arena().make<Arguments>(machine.arena(), machine.config().argument_size_max).value_or(nullptr);
  if (arguments == nullptr) give_up(exit_failed, "the machine has no memory for its first program: give it more with --memory");
  Result<> added{};
  for (const std::string& text : options.command) added = added ? arguments->add_argument(text) : added;
  for (const std::string& text : variables) added = added ? arguments->add_variable(text) : added;
  auto program = added ? prepare_program(task, *found, path, *arguments) : fail(added.error());
  machine.arena().destroy(arguments);
  if (program) return std::move(*program);
  const Errno error = program.error();
  const bool missing = error == Errno::noent;
  const std::string why = missing ? "the interpreter it names is not there" : error == Errno::noexec ? "not an x86-64 ELF program or a script with a #! line" : name_of(error);
  give_up(missing ? exit_not_found : error == Errno::nomem ? exit_failed : exit_not_executable, fmt::format("{}: {}", path, why));
}

}  // namespace

void boot(Guest& guest, on_linux::LinuxPlatform& platform, const Options& options) {
  Arena& arena = *Arena::create({on_linux::arena_start(), options.memory});
  on_linux::Slot& slot = platform.adopt(1);
  const Config config = config_for(options);
  auto booted = Machine::boot(arena, platform, config);
  if (!booted) give_up(exit_failed, "the machine has no memory to boot: give it more with --memory");
  Machine& machine = **booted;
  guest.set_machine(machine);
  machine.lock().acquire(platform);
  if (auto mounted = machine.files().mount_lower(); !mounted) give_up(exit_failed, fmt::format("cannot read {}: {}", options.root, name_of(mounted.error())));
  Task& task = machine.first_task();
  enter_directory(task, options);
  open_streams(task);
  become(task, prepare(task, options));
  machine.lock().release(platform);
  if (!on_linux::install_filter(platform.arena_descriptor())) give_up(exit_failed, fmt::format("the host refuses a seccomp filter: {}; the machine would have no wall", std::strerror(errno)));
  platform.run(slot);
}

}  // namespace cupel::run
