#include "fuzz/linux/linearise.hh"

#include <algorithm>

namespace cupel::fuzz {
namespace {

using Verdict = Linearisation::Verdict;

class Search {
 public:
  Search(std::span<const Piece> pieces, props::Model& model, uint64_t budget) : pieces_(pieces), model_(model), budget_(budget), placed_(pieces.size(), false) {}

  Linearisation run() {
    model_.reset();
    const Verdict verdict = extend();
    return {verdict, std::move(order_), steps_};
  }

 private:
  // Whether the model allows the piece next; if not, it knows nothing any more.
  bool allows(const Piece& piece) {
    ++steps_;
    std::vector<interface::Slot> slots;
    for (size_t index = 0; index < piece.before.size(); ++index) slots.push_back({piece.before[index].address, piece.before[index].bytes, piece.after[index].bytes});
    expect(model_, piece.mishaps);
    const interface::Invocation invocation{piece.desc, piece.tid, piece.registers, &piece.memory};
    return !model_.step(invocation, {piece.kind, piece.value, slots});
  }

  // The model as it is after what is in order_, which it has allowed before.
  void go_back() {
    model_.reset();
    for (const size_t index : order_) static_cast<void>(allows(pieces_[index]));
  }

  // The model stands behind order_. A piece can be next if none that is left was over before it began.
  Verdict extend() {
    if (order_.size() == pieces_.size()) return Verdict::explained;
    uint64_t first_end = UINT64_MAX;
    for (size_t index = 0; index < pieces_.size(); ++index) {
      if (!placed_[index]) first_end = std::min(first_end, pieces_[index].end);
    }
    bool stands = true;
    for (size_t index = 0; index < pieces_.size(); ++index) {
      if (placed_[index] || pieces_[index].begin >= first_end) continue;
      if (steps_ >= budget_) return Verdict::undecided;
      if (!stands) go_back();
      stands = false;
      if (!allows(pieces_[index])) continue;
      placed_[index] = true;
      order_.push_back(index);
      if (const Verdict verdict = extend(); verdict != Verdict::unexplained) return verdict;
      order_.pop_back();
      placed_[index] = false;
    }
    return Verdict::unexplained;
  }

  std::span<const Piece> pieces_;
  props::Model& model_;
  const uint64_t budget_;
  uint64_t steps_ = 0;
  std::vector<bool> placed_;
  std::vector<size_t> order_;
};

}  // namespace

Linearisation linearise(std::span<const Piece> pieces, props::Model& model, uint64_t budget) { return Search(pieces, model, budget).run(); }

bool keeps_real_time(std::span<const Piece> pieces, std::span<const size_t> order) {
  if (order.size() != pieces.size()) return false;
  std::vector<bool> placed(pieces.size(), false);
  for (const size_t index : order) {
    if (index >= pieces.size() || placed[index]) return false;
    for (size_t other = 0; other < pieces.size(); ++other) {
      if (!placed[other] && other != index && pieces[other].precedes(pieces[index])) return false;
    }
    placed[index] = true;
  }
  return true;
}

void expect(props::Model& model, const Mishaps& mishaps) {
  if (mishaps.allocation) model.expect_fault(props::Fault::allocation);
  // A page that is first touched and for which there is no memory is one that cannot be copied.
  if (mishaps.copy || mishaps.allocation) model.expect_fault(props::Fault::copy);
  if (mishaps.wait) model.expect_fault(props::Fault::wait);
  if (mishaps.refusal) model.expect_fault(props::Fault::refusal);
}

}  // namespace cupel::fuzz
