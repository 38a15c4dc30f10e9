#pragma once
#include "fuzz/linux/history.hh"
#include "props/model/model.hh"

// Linearisability: whether the pieces of a history can be put into one order, which keeps to what was before what, such that
// the model allows each outcome.
namespace cupel::fuzz {

struct Linearisation {
  enum class Verdict : uint8_t {
    explained,    // `order` is such an order
    unexplained,  // there is none
    undecided,    // the search was given up
  };
  Verdict verdict;
  std::vector<size_t> order;
  uint64_t steps = 0;  // that the model was asked to judge; at most `budget`, and those of one way back
};

// Searches all orders, as Wing and Gong do ("Testing and Verifying Concurrent Objects", 1993): first in the order in which
// the pieces are listed, then by going back. The model is reset.
Linearisation linearise(std::span<const Piece> pieces, props::Model& model, uint64_t budget);

// Whether `order` names each piece once and none before one that preceded it.
bool keeps_real_time(std::span<const Piece> pieces, std::span<const size_t> order);

// Tells the model what was planned for a call, or befell it.
void expect(props::Model& model, const Mishaps& mishaps);

}  // namespace cupel::fuzz
