#include "platforms/snp/image/first_program.hh"

#include <algorithm>
#include <array>

#include "libos/exec/arguments.hh"
#include "libos/fs/file_system.hh"
#include "platforms/snp/image/command_line.hh"
#include "platforms/snp/image/must.hh"
#include "platforms/snp/image/serial.hh"

namespace cupel::image {
namespace {

using libos::Machine;

constexpr uint8_t not_found = 127, not_executable = 126;
constexpr std::string_view folders[]{"/bin/", "/usr/bin/", "/sbin/"};
constexpr size_t word_size_max = 128 << 10;  // as MAX_ARG_STRLEN of Linux
constexpr const char* too_many = "the command line has more arguments than a program may have";

// A path, in room of its own.
class Path {
 public:
  bool set(std::string_view folder, std::string_view name) {
    if (name.size() > room_.size() - folder.size()) return false;
    std::ranges::copy(folder, room_.begin());
    std::ranges::copy(name, room_.begin() + folder.size());
    size_ = folder.size() + name.size();
    return true;
  }
  std::string_view text() const { return {room_.data(), size_}; }

 private:
  std::array<char, libos::path_size_max> room_;
  size_t size_ = 0;
};

[[noreturn]] void end_saying(std::string_view name, std::string_view what, uint8_t status) {
  for (const std::string_view text : {std::string_view("cupel: "), name, what, std::string_view("\n")}) serial::write(std::as_bytes(std::span(text)));
  end_with_status(status);
}

// The file, and the path that led to it.
Ref<libos::Inode> find_program(Machine& machine, std::string_view name, Path& path) {
  const libos::Walker walker{machine.files().root(), machine.files().root(), &machine.first_task().credentials};
  const auto look_in = [&](std::string_view folder) -> Ref<libos::Inode> {
    if (!path.set(folder, name)) return {};
    auto found = machine.files().find(walker, path.text(), libos::Follow::yes);
    return found ? std::move(*found) : Ref<libos::Inode>{};
  };
  if (name.find('/') != std::string_view::npos) return look_in("");
  for (const std::string_view folder : folders) {
    if (auto file = look_in(folder)) return file;
  }
  return {};
}

void add_rest(CommandLine& line, std::span<char> room, libos::Arguments& arguments) {
  for (auto word = line.next(room); word; word = line.next(room)) must(arguments.add_argument(*word), too_many);
  if (line.failed()) end_by_reason(snp::Reason::boot_data, "a word of the command line is too long or not encoded as it should be");
  for (const std::string_view variable : {"PATH=/bin:/usr/bin:/sbin", "HOME=/", "USER=root"}) must(arguments.add_variable(variable), too_many);
}

}  // namespace

libos::NewProgram prepare_first(Machine& machine, std::string_view command_line) {
  auto* arguments = must(machine.arena().make<libos::Arguments>(machine.arena(), machine.config().argument_size_max), "no room for arguments");
  auto* room = must(machine.arena().make<std::array<char, word_size_max>>(), "no room for arguments");
  CommandLine line(command_line);
  const auto name = line.next(*room);
  if (!name || name->empty()) end_by_reason(snp::Reason::boot_data, "the command line names no program");
  Path path;
  const Ref<libos::Inode> file = find_program(machine, *name, path);
  if (!file) end_saying(*name, ": no such program in the archive", not_found);
  must(arguments->add_argument(*name), too_many);
  add_rest(line, *room, *arguments);
  auto program = libos::prepare_program(machine.first_task(), file, path.text(), *arguments);
  machine.arena().destroy(room);
  machine.arena().destroy(arguments);
  if (!program) end_saying(path.text(), ": cannot be executed", not_executable);
  return std::move(*program);
}

}  // namespace cupel::image
