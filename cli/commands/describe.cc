#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"
#include "cli/harness_facts.hh"
#include "fuzz/target.hh"
#include "libos/interface/desc.hh"
#include "shims/linux/shim.hh"

namespace cupel::cli {
namespace {

using namespace interface;

struct Options {
  std::string interface_name = "linux";
  bool json = false, missing = false, sites = false;
};

nlohmann::json values_json(std::span<const NamedValue> values) {
  nlohmann::json all = nlohmann::json::array();
  for (const NamedValue& value : values) all.push_back({{"name", value.name}, {"value", value.value}});
  return all;
}

nlohmann::json arg_json(const ArgDesc& arg) {
  nlohmann::json out{{"name", arg.name}, {"kind", kind_name(arg.kind)}, {"register", arg.reg}, {"registers", arg.regs}};
  if (arg.resource != Resource::none) out["resource"] = resource_name(arg.resource);
  if (arg.optional) out["optional"] = true;
  if (!arg.values.empty()) out["values"] = values_json(arg.values);
  if (arg.element != nullptr) {
    out["struct"] = {{"name", arg.element->name}, {"size", arg.element->size}, {"fields", nlohmann::json::array()}};
    for (const FieldDesc& field : arg.element->fields) {
      out["struct"]["fields"].push_back({{"kind", kind_name(field.kind)}, {"offset", field.offset}, {"size", field.size}});
    }
  }
  return out;
}

// What a call makes: its result, and fields of structs it fills in.
nlohmann::json products(const CallDesc& call) {
  nlohmann::json made = nlohmann::json::array();
  if (call.produces != Resource::none) made.push_back(resource_name(call.produces));
  for (const ArgDesc& arg : call.args()) {
    if (arg.element == nullptr) continue;
    for (const FieldDesc& field : arg.element->fields) {
      if (field.kind == Kind::new_fd) made.push_back(resource_name(field.resource));
    }
  }
  return made;
}

nlohmann::json call_json(const CallDesc& call, const HarnessFacts& facts) {
  nlohmann::json out{{"name", call.name}, {"number", call.number}, {"args", nlohmann::json::array()}, {"errnos", nlohmann::json::array()},
                     {"produces", products(call)}, {"blocks", call.blocks},
                     {"model", facts.model}, {"generator", facts.generated}, {"differential", facts.differential}};
  for (const ArgDesc& arg : call.args()) out["args"].push_back(arg_json(arg));
  for (const Errno error : call.errnos) out["errnos"].push_back(errno_name(error));
  if (!call.partial.empty()) out["partial"] = call.partial;
  return out;
}

void print_call(const CallDesc& call) {
  std::string args;
  for (const ArgDesc& arg : call.args()) {
    args += fmt::format("{}{} {}", args.empty() ? "" : ", ", arg.resource == Resource::none || arg.resource == Resource::any ? kind_name(arg.kind) : resource_name(arg.resource), arg.name);
  }
  const auto made = products(call);
  std::string produces;
  for (const auto& one : made) produces += (produces.empty() ? "" : ", ") + one.get<std::string>();
  std::cout << fmt::format("{:>3} {}({}){}\n", call.number, call.name, args, produces.empty() ? "" : " -> " + produces);
  for (const ArgDesc& arg : call.args()) {
    if (arg.values.empty()) continue;
    std::string names;
    for (const NamedValue& value : arg.values) names += fmt::format("{}{}", names.empty() ? "" : " ", value.name);
    std::cout << fmt::format("      {}: {}\n", arg.name, names);
  }
  std::string errors;
  for (const Errno error : call.errnos) errors += fmt::format("{}{}", errors.empty() ? "" : " ", errno_name(error));
  if (!errors.empty()) std::cout << "      errors: " << errors << '\n';
  if (!call.partial.empty()) std::cout << "      refused: " << call.partial << '\n';
}

int describe_targets(bool as_json) {
  auto out = nlohmann::json::array();
  for (const fuzz::TargetInfo* target : fuzz::targets()) {
    const std::string why_not = target->unavailable ? target->unavailable() : "";
    if (as_json) out.push_back({{"name", target->name}, {"about", target->about}, {"unavailable", why_not}});
    else std::cout << fmt::format("{:18} {}{}\n", target->name, target->about, why_not.empty() ? "" : " (not here: " + why_not + ")");
  }
  if (as_json) print_json({{"interface", "targets"}, {"targets", std::move(out)}});
  return exit_fine;
}

int run(const Options& options) {
  if (options.interface_name == "targets") return describe_targets(options.json);
  if (options.interface_name == "snp" || options.interface_name == "lvbs" || options.interface_name == "optee") return describe_sites(options.interface_name, options.json);
  if (options.sites) return complain("the interface " + options.interface_name + " has no sites; snp, lvbs and optee have");
  if (options.interface_name != "linux") return complain("there is no interface " + options.interface_name + "; known: linux, snp, lvbs, optee, targets");
  const InterfaceDesc& desc = linux_shim::description();
  if (options.json) {
    nlohmann::json out{{"interface", desc.name}, {"calls", nlohmann::json::array()}, {"missing", nlohmann::json::array()}};
    const auto facts = harness_facts(desc);
    for (const CallDesc& call : desc.calls) out["calls"].push_back(call_json(call, facts.at(call.number)));
    for (const Missing& missing : desc.missing) out["missing"].push_back({{"name", missing.name}, {"number", missing.number}, {"reason", missing.reason}});
    print_json(out);
    return exit_fine;
  }
  if (options.missing) {
    for (const Missing& missing : desc.missing) std::cout << fmt::format("{:>3} {:24} {}\n", missing.number, missing.name, missing.reason);
    return exit_fine;
  }
  for (const CallDesc& call : desc.calls) print_call(call);
  std::cout << fmt::format("{} calls\n", desc.calls.size());
  return exit_fine;
}

}  // namespace

void add_describe(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("describe", "The reference of an interface, derived from its handlers' signatures");
  command->add_option("INTERFACE", options->interface_name, "linux, snp, lvbs, optee, or targets: what can be fuzzed")->capture_default_str();
  command->add_flag("--missing", options->missing, "what is not implemented, and why");
  command->add_flag("--sites", options->sites, "where values of the other side are loaded, and what was tried there (snp, lvbs, optee)");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
