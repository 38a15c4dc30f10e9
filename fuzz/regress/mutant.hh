#pragma once
#include "fuzz/regress/regress.hh"
#include "fuzz/regress/scratch.hh"

namespace cupel::fuzz {

// Plants one entry's mutant in the copy, and asks all that the options want to know of it. The copy is left with it: the next
// one's refresh takes it out. Where that goes wrong the mutant is "broken".
void judge_mutant(EntryResult& result, Scratch& scratch, const MutantOptions& options, const Log& log);

// A campaign of one process from nothing: when does it fail? `folder` is emptied first.
std::expected<Rediscovery, std::string> rediscover(const std::string& target, const std::filesystem::path& program, const std::filesystem::path& folder, std::chrono::seconds time);

}  // namespace cupel::fuzz
