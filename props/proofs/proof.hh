#pragma once
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "props/lift/explore.hh"

// What a proof file is made of. The claim is a function of the code under proof, so that one claim runs over the
// shipped function, for which it must hold, and over twins with a bug each, for which it must not:
//
//   Bool every_byte_is_below_the_limit(UserRange user_range) { ... }
//   const Registration registered{
//       proof("libos", "every_byte_is_below_the_limit", every_byte_is_below_the_limit, user_range<U64>,
//             {{"forms_the_sum", forms_the_sum}, {"forgets_the_base", forgets_the_base}})};
namespace cupel::proofs {

struct Mutant {
  std::string name;
  lift::Claim claim;
};

struct Proof {
  std::string name;   // the claim as a sentence; no two proofs share one
  std::string group;  // what `cupel prove GROUP` chooses by: libos, snp, lvbs, optee
  lift::Claim claim;
  std::vector<Mutant> mutants;  // at least one
};

// What a claim speaks about, in a version that has a bug. `Code` is a function pointer, or a struct of several.
template <class Code>
struct Twin {
  std::string name;
  Code code;
};

template <class Code>
Proof proof(std::string_view group, std::string_view name, lift::Bool (*claim)(Code),
            std::type_identity_t<Code> shipped, std::initializer_list<Twin<std::type_identity_t<Code>>> twins) {
  Proof made{std::string(name), std::string(group), [=] { return claim(shipped); }, {}};
  for (const auto& twin : twins) {
    made.mutants.push_back({twin.name, [claim, code = twin.code] { return claim(code); }});
  }
  return made;
}

// A static one in each proof file adds that file's proofs.
class Registration {
 public:
  Registration(std::initializer_list<Proof> proofs);
};

// All proofs linked into this program, by group and name.
std::span<const Proof> registered_proofs();
const Proof* find_proof(std::string_view name);

}  // namespace cupel::proofs
