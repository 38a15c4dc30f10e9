#pragma once
#include <array>
#include <boost/pfr/core.hpp>
#include <type_traits>
#include <utility>

#include "libos/interface/desc.hh"

namespace cupel::interface {

// What may cross to the guest as bytes: no padding, so that writing one out cannot leak our stack.
template <class T>
concept GuestAbi = std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

// A struct's field whose type says what it means; other integers are Kind::integer.
template <class T, Kind kind_value, Resource resource_value = Resource::none>
struct Field {
  T value;
  friend bool operator==(const Field&, const Field&) = default;
};
using FdField = Field<int32_t, Kind::fd, Resource::any>;
template <Resource resource>
using NewFdField = Field<int32_t, Kind::new_fd, resource>;
template <class E>
struct FlagsField {
  std::underlying_type_t<E> bits;
  friend bool operator==(const FlagsField&, const FlagsField&) = default;
};

// The sets of `E`'s bits that programs mostly ask for, by `usual_of(E)` where there is one. Nothing depends on it but what is generated.
template <class E>
inline constexpr auto usual_sets = [] {
  if constexpr (requires { usual_of(E{}); }) return usual_of(E{});
  else return std::array<uint64_t, 0>{};
}();

template <class T>
struct FieldTraits {
  static_assert(std::is_integral_v<T>);
  static constexpr FieldDesc describe() {
    return {Kind::integer, Resource::none, 0, sizeof(T), std::is_signed_v<T>, {}};
  }
};
template <class T, Kind kind_value, Resource resource_value>
struct FieldTraits<Field<T, kind_value, resource_value>> {
  static constexpr FieldDesc describe() { return {kind_value, resource_value, 0, sizeof(T), std::is_signed_v<T>, {}}; }
};
template <class E>
inline constexpr auto enum_values = names_of(E{});
template <class E>
struct FieldTraits<FlagsField<E>> {
  static constexpr FieldDesc describe() { return {Kind::flags, Resource::none, 0, sizeof(E), false, enum_values<E>, usual_sets<E>}; }
};

// The name of `T` as the compiler spells it, without its namespaces.
template <class T>
constexpr std::string_view type_name() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;  // ... [T = cupel::linux_shim::Timespec]
  constexpr size_t begin = text.find("T = ") + 4;
  constexpr std::string_view whole = text.substr(begin, text.rfind(']') - begin);
  constexpr size_t colon = whole.rfind("::");
  return colon == std::string_view::npos ? whole : whole.substr(colon + 2);
}

template <class T>
inline constexpr auto struct_fields = [] {
  if constexpr (requires { T::is_text; }) {
    return std::array<FieldDesc, 0>{};  // bytes of no further meaning to the harness
  } else if constexpr (std::is_integral_v<T>) {
    return std::array{FieldTraits<T>::describe()};
  } else {
    constexpr size_t count = boost::pfr::tuple_size_v<T>;
    std::array<FieldDesc, count> fields{};
    [&]<size_t... I>(std::index_sequence<I...>) {
      ((fields[I] = FieldTraits<boost::pfr::tuple_element_t<I, T>>::describe()), ...);
    }(std::make_index_sequence<count>{});
    uint16_t offset = 0;  // GuestAbi: no padding, so offsets are running sums
    for (FieldDesc& field : fields) field.offset = offset, offset = static_cast<uint16_t>(offset + field.size);
    return fields;
  }
}();

template <class T>
inline constexpr StructDesc struct_desc{type_name<T>(), sizeof(T), struct_fields<T>};

}  // namespace cupel::interface
