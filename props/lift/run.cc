#include "props/lift/run.hh"

#include <stdexcept>

namespace cupel::lift {
namespace {

thread_local Run* active = nullptr;

Run& current() {
  if (active == nullptr) throw std::logic_error("a symbolic word was used outside a claim");
  return *active;
}

}  // namespace

Activation::Activation(Run& run) : before_(active) { active = &run; }
Activation::~Activation() { active = before_; }

z3::context& context() { return current().context(); }
z3::expr input(std::string_view name, unsigned width) { return current().input(name, width); }
bool decide(const z3::expr& condition) { return current().decide(condition); }
void require(const z3::expr& condition, std::string_view otherwise) { current().require(condition, otherwise); }
void assume(const Bool& condition) { current().assume(condition.expr()); }

}  // namespace cupel::lift
