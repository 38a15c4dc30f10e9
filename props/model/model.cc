#include "props/model/model.hh"

#include <vector>

namespace cupel::props {

struct Model::State {
  Bounds bounds;
  std::vector<RuleInfo> rules;
  uint64_t unmodelled = 0;
};

Model::Model(const Bounds& bounds) : state_(std::make_unique<State>(State{.bounds = bounds, .rules = {}})) {}
Model::~Model() = default;

void Model::reset() {}
void Model::expect_fault(Fault) {}

std::optional<Mismatch> Model::step(const interface::Invocation&, const interface::Outcome&) {
  ++state_->unmodelled;
  return std::nullopt;
}

std::span<const RuleInfo> Model::rules() const { return state_->rules; }
uint64_t Model::unmodelled() const { return state_->unmodelled; }

}  // namespace cupel::props
