#pragma once
#include <CLI/App.hpp>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace cupel::cli {

// What every command answers with: 0 fine, 1 findings or failures, 2 usage or environment.
inline constexpr int exit_fine = 0;
inline constexpr int exit_findings = 1;
inline constexpr int exit_usage = 2;

// The tree the program was built from, or CUPEL_ROOT: where corpus/ and build/ are.
std::filesystem::path root();
// Prints one object on stdout, as one line.
void print_json(const nlohmann::json& object);
// "cupel: message" on stderr; returns exit_usage.
int complain(const std::string& message);

// The sites of a boundary, "snp", "lvbs" or "optee", each with what the targets tried there; 1 where one is reached by none.
int describe_sites(std::string_view group, bool json);

// Each adds its subcommand; the chosen one leaves its exit code in `exit_code`.
void add_describe(CLI::App& app, int& exit_code);
void add_prove(CLI::App& app, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_regress(CLI::App& app, int& exit_code);
void add_fuzz(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_bisect(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
// Below the command `regress`.
void add_regress_add(CLI::App& regress, int& exit_code);
void add_run(CLI::App& app, int& exit_code);
void add_import_strace(CLI::App& app, int& exit_code);

}  // namespace cupel::cli
