#include "platforms/mock/snp/ledger.hh"

// The linker's bounds of the section that SITE fills. Weak: a program without a site has no such section.
extern "C" [[gnu::weak]] const cupel::Site __start_cupel_sites[];
extern "C" [[gnu::weak]] const cupel::Site __stop_cupel_sites[];

namespace cupel::mock_snp {

Ledger& ledger() {
  static Ledger one;
  return one;
}

std::span<const Site> all_sites() { return {__start_cupel_sites, __stop_cupel_sites}; }

}  // namespace cupel::mock_snp
