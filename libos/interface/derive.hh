#pragma once
#include <tuple>

#include "libos/interface/args.hh"

// From a handler's signature to its table line: syscall<&f>(number, name, ...) derives the description and the thunk
// that decodes registers and calls the handler.
namespace cupel::interface {

// How a handler's answer becomes the value in the result register.
template <class T>
struct ResultTraits;
template <>
struct ResultTraits<Done> {
  static constexpr Kind kind = Kind::integer;
  static constexpr Resource resource = Resource::none;
  static uint64_t value(Done) { return 0; }
};
template <>
struct ResultTraits<uint64_t> {
  static constexpr Kind kind = Kind::integer;
  static constexpr Resource resource = Resource::none;
  static uint64_t value(uint64_t result) { return result; }
};
template <Resource produced>
struct ResultTraits<NewFd<produced>> {
  static constexpr Kind kind = Kind::new_fd;
  static constexpr Resource resource = produced;
  static uint64_t value(NewFd<produced> fd) { return static_cast<uint64_t>(fd.number); }
};
template <>
struct ResultTraits<Mapped> {
  static constexpr Kind kind = Kind::address;
  static constexpr Resource resource = Resource::mapping;
  static uint64_t value(Mapped mapped) { return mapped.address; }
};
template <>
struct ResultTraits<Spawned> {
  static constexpr Kind kind = Kind::task;
  static constexpr Resource resource = Resource::task;
  static uint64_t value(Spawned spawned) { return static_cast<uint64_t>(spawned.task); }
};

// One line of a shim's table.
template <class Context>
struct Entry {
  CallDesc desc;
  Result<uint64_t> (*invoke)(Context&, const Registers&);
};

// Attributes of a table line, in any order.
struct Args {
  std::array<std::string_view, args_max> names{};  // as the manual page names them
};
template <class... Names>
constexpr Args args(Names... names) { return {{names...}}; }
struct Partial {
  std::string_view what;
};
struct Blocks {};
template <Errno... errors>
struct Errnos {};
template <Errno... errors>
inline constexpr Errnos<errors...> errnos{};

// The declared errors: those its argument types bring, and those its line lists.
template <class Lists, Errno... listed>
inline constexpr auto merged_errnos = [] {
  constexpr size_t size = Lists::size + sizeof...(listed);
  struct {
    std::array<Errno, size == 0 ? 1 : size> all{};
    size_t count = 0;
    constexpr void add(Errno error) {
      for (size_t index = 0; index < count; ++index) {
        if (all[index] == error) return;
      }
      all[count++] = error;
    }
  } merged;
  Lists::each([&](Errno error) { merged.add(error); });
  (merged.add(listed), ...);
  return merged;
}();
template <class... A>
struct ErrnoLists {
  static constexpr size_t size = (0 + ... + A::errnos.size());
  template <class F>
  static constexpr void each(F f) {
    auto one = [&](const auto& list) { for (Errno error : list) f(error); };
    (one(A::errnos), ...);
  }
};

template <auto handler>
struct Derive;

template <class R, class Context, class... A, Result<R> (*handler)(Context&, A...)>
struct Derive<handler> {
  using TheContext = Context;
  using Lists = ErrnoLists<A...>;
  static constexpr auto first_reg = [] {
    std::array<uint8_t, sizeof...(A) + 1> first{};
    uint8_t index = 0, at = 0;
    ((first[index++] = at, at = static_cast<uint8_t>(at + A::regs)), ...);
    first[index] = at;
    return first;
  }();
  static_assert(first_reg[sizeof...(A)] <= args_max, "a call has six registers");

  template <size_t... I>
  static Result<uint64_t> decode_and_call(Context& context, const Registers& r, std::index_sequence<I...>) {
    std::tuple<Result<A>...> decoded{A::decode(r.data() + first_reg[I])...};
    Errno error{};
    const bool refused = ((!std::get<I>(decoded) && (error = std::get<I>(decoded).error(), true)) || ...);
    if (refused) return fail(error);
    return ResultTraits<R>::value(TRY(handler(context, *std::get<I>(decoded)...)));
  }
  static Result<uint64_t> invoke(Context& context, const Registers& r) {
    return decode_and_call(context, r, std::index_sequence_for<A...>{});
  }

  static constexpr CallDesc describe(uint16_t number, std::string_view name) {
    CallDesc desc{.number = number, .name = name};
    desc.arg_count = sizeof...(A);
    uint8_t index = 0;
    ((desc.arg_array[index] = A::describe(), desc.arg_array[index].reg = first_reg[index], ++index), ...);
    desc.result = ResultTraits<R>::kind;
    desc.produces = ResultTraits<R>::resource;
    return desc;
  }
};

template <auto handler, Errno... listed, class... Attributes>
constexpr auto call_entry(uint16_t number, std::string_view name, Errnos<listed...>, Attributes... attributes) {
  using D = Derive<handler>;
  constexpr auto& merged = merged_errnos<typename D::Lists, listed...>;
  CallDesc desc = D::describe(number, name);
  desc.errnos = std::span(merged.all.data(), merged.count);
  [[maybe_unused]] auto apply = [&](auto attribute) {
    if constexpr (std::is_same_v<decltype(attribute), Args>) {
      for (size_t index = 0; index < desc.arg_count; ++index) {
        if (!attribute.names[index].empty()) desc.arg_array[index].name = attribute.names[index];
      }
    } else if constexpr (std::is_same_v<decltype(attribute), Partial>) {
      desc.partial = attribute.what;
    } else {
      static_assert(std::is_same_v<decltype(attribute), Blocks>);
      desc.blocks = true;
    }
  };
  (apply(attributes), ...);
  return Entry<typename D::TheContext>{desc, &D::invoke};
}

}  // namespace cupel::interface
