#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

// What collect_report() says, in the forms that other programs read. The findings keep their ids in each, so that the same
// finding is known again from one campaign to the next.
namespace cupel::fuzz {

// For people, and for the summary of a pull request.
std::string markdown_of(const nlohmann::json& report);

// SARIF 2.1.0 (OASIS), for code scanning: a rule an oracle, a result a finding, with its id as fingerprint, and the steps of its
// trace as code flow. Places in the source are those of the crash, else the finding's program.
nlohmann::json sarif_of(const nlohmann::json& report);

// JUnit's XML, for what shows tests: a suite a target, a failed case a finding; a target with none has one case that passed.
std::string junit_of(const nlohmann::json& report);

}  // namespace cupel::fuzz
