#include <algorithm>
#include <tuple>

#include "libos/base/check.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

// In a function: the registrations of other files may run before this file's own statics.
std::vector<Proof>& registry() {
  static std::vector<Proof> proofs;
  return proofs;
}

auto place(const Proof& proof) { return std::tie(proof.group, proof.name); }

}  // namespace

Registration::Registration(std::initializer_list<Proof> proofs) {
  for (const Proof& proof : proofs) {
    CHECK(!proof.mutants.empty());
    CHECK(find_proof(proof.name) == nullptr);
    registry().insert(std::ranges::upper_bound(registry(), place(proof), {}, place), proof);
  }
}

std::span<const Proof> registered_proofs() { return registry(); }

const Proof* find_proof(std::string_view name) {
  const auto found = std::ranges::find(registry(), name, &Proof::name);
  return found == registry().end() ? nullptr : &*found;
}

}  // namespace cupel::proofs
