#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/command.hh"
#include "cli/suggest.hh"

namespace cupel::cli {

std::filesystem::path root() {
  const char* chosen = std::getenv("CUPEL_ROOT");
  return chosen != nullptr ? chosen : CUPEL_SOURCE_DIR;
}

void print_json(const nlohmann::json& object) {
  std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n' << std::flush;
}

int complain(const std::string& message) {
  std::cerr << "cupel: " << message << '\n';
  return exit_usage;
}

namespace {

struct Example {
  const char* command;
  const char* text;
};
constexpr Example examples[]{
    {"demo", "./cupel demo"},
    {"fuzz", "./cupel fuzz linux_program snp_psc --time 5m"},
    {"replay", "./cupel replay corpus/regressions/linux-rename-below-itself/program.txt"},
    {"regress", "./cupel regress snp --mutants"},
    {"bisect", "./cupel bisect .cupel/state/findings/ID/program.txt --good HEAD~20"},
    {"prove", "./cupel prove snp"},
    {"describe", "./cupel describe linux --json"},
    {"bench", "./cupel bench fuzz --json"},
    {"report", "./cupel report --html campaign.html"},
    {"import-strace", "strace -f -xx -v -s 65536 -o ls.strace ls -l; ./cupel import-strace ls.strace -o ls.txt"},
};

// Ends each command's help with an example.
void add_examples(CLI::App& app) {
  for (const Example& example : examples) {
    for (CLI::App* command : app.get_subcommands([&](const CLI::App* one) { return one->get_name() == example.command; })) {
      command->footer(command->get_footer() + fmt::format("Example:\n  {}\n\nAll commands, what they print and when they fail: docs/commands.md", example.text));
    }
  }
}

// What was probably meant by the first word which the chosen command does not know; empty where there is no telling.
std::string meant(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::vector<std::string> known;
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const CLI::App* one : command->get_subcommands([](const CLI::App*) { return true; })) known.push_back(one->get_name());
  for (const std::string& word : app.remaining(true)) {
    if (const std::string near = closest(word, known); !near.empty()) return "cupel: did you mean " + near + "?\n";
  }
  return {};
}

}  // namespace
}  // namespace cupel::cli

int main(int count, char** arguments) {
  CLI::App app{"Cupel: a library OS, assayed. Exit codes: 0 fine, 1 findings or failures, 2 usage or environment.", "cupel"};
  app.require_subcommand(1);
  int exit_code = cupel::cli::exit_fine;
  cupel::cli::add_demo(app, exit_code);
  cupel::cli::add_fuzz(app, exit_code);
  cupel::cli::add_replay(app, exit_code);
  cupel::cli::add_regress(app, exit_code);
  cupel::cli::add_bisect(app, exit_code);
  cupel::cli::add_prove(app, exit_code);
  cupel::cli::add_describe(app, exit_code);
#ifdef CUPEL_HAS_BENCH
  cupel::cli::add_bench(app, exit_code);
#endif
  cupel::cli::add_report(app, exit_code);
#ifdef CUPEL_HAS_RUN
  cupel::cli::add_run(app, exit_code);
#endif
#ifdef CUPEL_HAS_IMPORT
  cupel::cli::add_import_strace(app, exit_code);
#endif
  cupel::cli::add_examples(app);
  app.footer("./cupel test builds and runs everything CI runs; ./cupel doctor says what this machine lacks.\n./cupel COMMAND --help tells more.");
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    if (app.exit(error) == 0) return cupel::cli::exit_fine;
    std::cerr << cupel::cli::meant(app);
    return cupel::cli::exit_usage;
  } catch (const std::exception& error) {
    return cupel::cli::complain(error.what());
  }
  return exit_code;
}
