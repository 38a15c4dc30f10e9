#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "libos/base/site.hh"

// What was done at each site (libos/base/site.hh): how often it was reached, and which different lies it was told. Kept for
// one process; `cupel describe snp --sites` and its test ask for it.
namespace cupel::mock_snp {

struct SiteRecord {
  uint64_t loads = 0;
  std::unordered_set<uint64_t> lies;
};

class Ledger {
 public:
  void record(const Site& site, bool lied, uint64_t value) {
    if (!on) return;
    SiteRecord& entry = records_[site.name];
    ++entry.loads;
    if (lied && entry.lies.size() < lies_max) entry.lies.insert(value);
  }
  const SiteRecord* find(std::string_view name) const {
    const auto found = records_.find(name);
    return found == records_.end() ? nullptr : &found->second;
  }
  void clear() { records_.clear(); }
  bool on = false;

 private:
  static constexpr size_t lies_max = 4096;
  std::unordered_map<std::string_view, SiteRecord> records_;
};

Ledger& ledger();
// All sites of this program.
std::span<const Site> all_sites();

}  // namespace cupel::mock_snp
