#pragma once
#include <gtest/gtest.h>  // before rapidcheck/gtest.h, which needs it

#include <rapidcheck/gtest.h>

#include <ostream>

#include "fuzz/program/program.hh"

namespace cupel::fuzz {
class Grammar;

// The interfaces that properties of programs are claimed for: the made-up one with every kind, and Linux.
std::span<const Grammar* const> grammars();

// A program of one of them. Counterexamples are made smaller as the minimiser makes findings smaller, and shown as text.
struct ArbitraryProgram {
  const Grammar* grammar;
  Program program;
};
void showValue(const ArbitraryProgram& value, std::ostream& out);

}  // namespace cupel::fuzz

template <>
struct rc::Arbitrary<cupel::fuzz::ArbitraryProgram> {
  static Gen<cupel::fuzz::ArbitraryProgram> arbitrary();
};
