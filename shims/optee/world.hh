#pragma once
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>

#include "libos/base/shared_ptr.hh"
#include "shims/optee/message.hh"

// What is around the shim, as a concept: the normal world's memory and its answers, and the processor mode in which applications
// run. The mock is one; on LVBS it is VTL0 and ring 3 of VTL1.
namespace cupel::optee {

// What is being read; each byte of it is read once. Applications' data and lists are objects of their own.
enum class Object : uint8_t { message, list, data, reply };

enum class RpcKind : uint32_t { allocate = 0, release = 2, command = 5 };

// Registers of a call, a0 to a7.
using Registers = std::array<uint64_t, 8>;

struct TaInfo {
  uint32_t index = 0, flags = 0;
};

enum class Entry : uint32_t { create, destroy, open, close, invoke };

// A parameter as the application gets it: memory is a private copy, and the application says how much of it is to be given back.
struct TaParam {
  uint64_t type = 0, a = 0, b = 0, c = 0;
  std::span<uint8_t> bytes{};
  uint64_t size = 0;
};
using TaParams = std::array<TaParam, message::user_params_max>;

struct TeeTime {
  uint32_t seconds = 0, milliseconds = 0;  // fewer than 1000
};

// What an application that runs may ask for.
class TaServices {
 public:
  virtual TeeResult<bool> cancelled() = 0;
  virtual TeeResult<bool> mask_cancellation(bool masked) = 0;
  virtual TeeResult<> wait(uint32_t milliseconds) = 0;
  virtual TeeResult<uint64_t> read_file(uint32_t file, uint64_t offset, std::span<uint8_t> to) = 0;
  virtual TeeResult<TeeTime> time() = 0;

 protected:
  ~TaServices() = default;
};

struct TaCall {
  Entry entry = Entry::create;
  uint32_t ta = 0, instance = 0, session = 0, command = 0;
  TaParams* params = nullptr;
  TaServices* services = nullptr;
};
struct TaExit {
  bool panicked = false;
  uint32_t code = 0;
};

template <class W>
concept NormalWorld = requires(W& world, uint64_t address, const Site* site, Object object, TaCall& call, const Registers& registers) {
  { world.normal_page(address) } -> std::same_as<bool>;  // plain memory of the normal world's, which it may itself write
  { world.static_memory(address, address) } -> std::same_as<bool>;
  { world.shared8(address) } -> std::same_as<SharedPtr<uint8_t>>;
  { world.shared32(address) } -> std::same_as<SharedPtr<uint32_t>>;
  { world.shared64(address) } -> std::same_as<SharedPtr<uint64_t>>;
  world.begin(object);
  // The call is suspended with these registers, until the normal world resumes it; its registers are read with answer().
  world.rpc(registers);
  { world.answer(0u, site) } -> std::same_as<Untrusted<uint64_t>>;
  { world.find_ta(address, address) } -> std::same_as<std::optional<TaInfo>>;
  { world.enter(call) } -> std::same_as<TaExit>;
};

}  // namespace cupel::optee
