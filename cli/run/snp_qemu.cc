#include "cli/run/snp_qemu.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <expected>
#include <filesystem>

namespace cupel::run {
namespace {

constexpr uint64_t memory_max = uint64_t{1} << 30;    // of the machine; all of it is below 4G, where the image looks for it
constexpr size_t command_line_max = 65535;            // what the image reads

int complain(const std::string& message) {
  fmt::print(stderr, "cupel: --platform snp-qemu: {}\n", message);
  return exit_failed;
}

// The first option that means nothing here; empty where there is none.
std::string misplaced(const Options& options) {
  if (options.root != "/") return "--root";
  if (!options.working_directory.empty()) return "--workdir";
  if (!options.variables.empty()) return "--env";
  if (options.explain) return "--explain";
  if (options.require_isolation) return "--require-isolation";
  return options.no_patch ? "--no-patch" : "";
}

// Words as the image's CommandLine reads them.
std::string encoded(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ' ';
    if (word.empty()) out += '%';
    for (const char c : word) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '.' || c == '-' || c == '_';
      out += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

[[noreturn]] void become_qemu(std::vector<std::string> words) {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);  // the image reads no console; QEMU would take the terminal for it
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execvp(pointers[0], pointers.data());
  _exit(exit_not_found);
}

// What the image wrote to its status port: one byte. Otherwise why there is none.
std::expected<int, std::string> run_qemu(const std::vector<std::string>& words, int status_file) {
  const pid_t child = fork();
  if (child == 0) become_qemu(words);
  int ended = 0;
  if (child < 0 || waitpid(child, &ended, 0) != child) return std::unexpected(fmt::format("cannot start a process: {}", std::strerror(errno)));
  uint8_t status = 0;
  if (pread(status_file, &status, 1, 0) == 1) return status;
  const bool missing = WIFEXITED(ended) && WEXITSTATUS(ended) == exit_not_found;
  return std::unexpected(missing ? words[0] + " cannot be executed; the package qemu-system-x86 has it" : "QEMU ended before the machine did");
}

}  // namespace

int run_in_qemu(const Options& options) {
  if (const std::string name = misplaced(options); !name.empty()) return complain(name + " has no meaning there");
  const std::filesystem::path folder = std::filesystem::path(CUPEL_SOURCE_DIR) / "build/freestanding/platforms/snp/image";
  const std::filesystem::path image = folder / "snp-testing.elf", archive = options.archive.empty() ? folder / "programs.tar" : std::filesystem::path(options.archive);
  if (!std::filesystem::exists(image)) return complain(image.string() + " is missing; build it: cmake --preset freestanding && ninja -C build/freestanding");
  if (!std::filesystem::exists(archive)) return complain(archive.string() + " is missing" + (options.archive.empty() ? "; it is built where the package busybox-static is installed" : ""));
  const std::string command_line = encoded(options.command);
  if (command_line.size() > command_line_max) return complain("the command is too long");
  const int status_file = memfd_create("cupel-status", 0);  // QEMU inherits it
  if (status_file < 0) return complain(std::strerror(errno));
  const std::vector<std::string> words{
      "qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max", "-m", fmt::format("{}M", std::max<uint64_t>(std::min(options.memory, memory_max) >> 20, 1)),
      "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot", "-serial", "stdio",
      "-chardev", fmt::format("file,id=status,path=/dev/fd/{}", status_file), "-device", "isa-debugcon,iobase=0xe9,chardev=status",
      "-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-kernel", image, "-initrd", archive, "-append", command_line};
  const auto status = run_qemu(words, status_file);
  return status ? *status : complain(status.error());
}

}  // namespace cupel::run
