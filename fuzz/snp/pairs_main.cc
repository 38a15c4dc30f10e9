// snp_pairs COUNT [SEED]: noninterference, by so many paired runs. Each script runs twice on its target, under two secrets (register
// contents, private memory, keys), and what the hypervisor sees after each step must be the same. Scripts are generated, and
// mutated a few times. Prints what each target made of them; fails at the first that tells one secret from another.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "fuzz/snp/snp_target.hh"

namespace {

constexpr unsigned mutations = 4;  // of each generated script
constexpr size_t size_max = 4096;

// The targets whose guests have secrets at all: one run of another says all there is to say.
std::vector<std::unique_ptr<cupel::fuzz::Target>> targets_with_secrets() {
  std::vector<std::unique_ptr<cupel::fuzz::Target>> all;
  for (const auto* info : cupel::fuzz::targets()) {
    auto target = info->make();
    auto* boundary = dynamic_cast<cupel::fuzz::snp::SnpTarget*>(target.get());
    if (boundary == nullptr) continue;
    for (uint32_t seed = 0; seed < 64; ++seed) target->run(target->generate(seed));
    if (boundary->pairs() > 0) all.push_back(info->make());
  }
  return all;
}

bool tells_secrets(cupel::fuzz::Target& target, const cupel::fuzz::Bytes& input) {
  const auto run = target.run(input);
  if (!run.finding) return false;
  std::fprintf(stderr, "%s: %s: %s\n  expected: %s\n  got: %s\n%s", std::string(target.name()).c_str(), run.finding->oracle.c_str(), run.finding->call.c_str(), run.finding->expected.c_str(),
               run.finding->got.c_str(), target.print(input).c_str());
  return true;
}

// Runs until the target has made so many pairs; false where one differs.
bool run_pairs(cupel::fuzz::Target& target, uint64_t count, uint32_t& seed) {
  const auto& boundary = dynamic_cast<cupel::fuzz::snp::SnpTarget&>(target);
  while (boundary.pairs() < count) {
    auto input = target.generate(seed++);
    if (tells_secrets(target, input)) return false;
    for (unsigned change = 0; change < mutations && boundary.pairs() < count; ++change) {
      target.mutate(input, size_max, seed * mutations + change);
      if (tells_secrets(target, input)) return false;
    }
  }
  std::printf("%-18.*s %9llu pairs, %9llu exits\n", static_cast<int>(target.name().size()), target.name().data(), static_cast<unsigned long long>(boundary.pairs()), static_cast<unsigned long long>(boundary.exits()));
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  const uint64_t wanted = count >= 2 ? std::strtoull(arguments[1], nullptr, 10) : 0;
  if (wanted == 0) {
    std::fprintf(stderr, "usage: snp_pairs COUNT [SEED]\n");
    return 2;
  }
  auto seed = static_cast<uint32_t>(count >= 3 ? std::strtoul(arguments[2], nullptr, 10) : 0);
  const auto targets = targets_with_secrets();
  for (const auto& target : targets) {
    if (!run_pairs(*target, (wanted + targets.size() - 1) / targets.size(), seed)) return 1;
  }
  std::printf("%zu targets, no pair that differs\n", targets.size());
}
