#include "fuzz/program/grammar.hh"

#include <algorithm>

#include "libos/base/check.hh"

namespace cupel::fuzz {

using interface::Kind;
using interface::Resource;

namespace {

constexpr uint16_t no_call = UINT16_MAX;

Results results_of(const interface::CallDesc& call) {
  Results results;
  results.resources[0] = call.produces;
  for (const interface::ArgDesc& arg : call.args()) {
    if ((arg.kind != Kind::out && arg.kind != Kind::in_out) || arg.element == nullptr) continue;
    for (const interface::FieldDesc& field : arg.element->fields) {
      if (field.kind == Kind::new_fd && results.count < results.resources.size()) results.resources[results.count++] = field.resource;
    }
  }
  for (uint8_t slot = 0; slot < results.count; ++slot) results.all |= set_of(results.resources[slot]);
  results.all &= static_cast<ResourceSet>(~set_of(Resource::none));
  return results;
}

}  // namespace

ResourceSet fitting(Resource resource) {
  if (resource == Resource::none) return 0;
  if (resource == Resource::any) return descriptor_resources;
  const auto own = set_of(resource);
  if ((own & descriptor_resources) == 0) return own;
  // A duplicate may be of anything, and whoever opens files opens directories.
  return static_cast<ResourceSet>(own | set_of(Resource::any) | (resource == Resource::directory ? set_of(Resource::file) : 0));
}

Grammar::Grammar(const interface::InterfaceDesc& interface) : interface_(interface) {
  size_t numbers = 0;
  for (const interface::CallDesc& call : interface.calls) numbers = std::max<size_t>(numbers, call.number + 1u);
  by_number_.assign(numbers, no_call);
  for (uint16_t index = 0; index < call_count(); ++index) {
    const interface::CallDesc& call = interface.calls[index];
    by_number_[call.number] = index;
    results_.push_back(results_of(call));
    uint8_t references = 0;
    for (size_t arg = 0; arg < call.arg_count; ++arg) {
      const interface::ArgDesc& desc = call.arg_array[arg];
      const Shape shape = shape_of(desc.kind);
      if (shape == Shape::object || shape == Shape::array) CHECK(desc.element != nullptr && desc.element->size > 0);
      if (!has_bytes(shape) || desc.element == nullptr) continue;
      if (std::ranges::any_of(desc.element->fields, is_reference_field)) references |= static_cast<uint8_t>(1u << arg);
    }
    reference_args_.push_back(references);
    for (size_t resource = 1; resource < resource_count; ++resource) {
      if ((results_.back().all & fitting(Resource(resource))) != 0) producers_[resource].push_back(index);
    }
  }
}

uint16_t Grammar::index_of(uint16_t number) const {
  if (number < by_number_.size() && by_number_[number] != no_call) return by_number_[number];
  return static_cast<uint16_t>(number % call_count());
}

std::optional<uint16_t> Grammar::find(std::string_view name) const {
  const auto found = std::ranges::find(interface_.calls, name, &interface::CallDesc::name);
  if (found == interface_.calls.end()) return std::nullopt;
  return static_cast<uint16_t>(found - interface_.calls.begin());
}

}  // namespace cupel::fuzz
