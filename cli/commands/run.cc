#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/command.hh"

namespace cupel::cli {
namespace {

// The machine is a program of its own, beside this one: it starts fast, and is built without instruments.
int run(std::vector<std::string> arguments) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "run/cupel-run";
  std::vector<char*> pointers{const_cast<char*>(program.c_str())};
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv(program.c_str(), pointers.data());
  constexpr int cupel_failed = 125;
  complain(program + ": " + std::strerror(errno) + "; build it: ninja cupel_run");
  return cupel_failed;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("run", "Run an unmodified Linux program on libos");
  command->prefix_command();
  command->set_help_flag();  // cupel-run answers for itself
  command->callback([command, &exit_code] { exit_code = run(command->remaining()); });
}

}  // namespace cupel::cli
