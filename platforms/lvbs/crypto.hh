#pragma once
#include <array>
#include <concepts>
#include <cstdint>
#include <span>

// What the secure kernel asks of a library of cryptography.
namespace cupel::lvbs {

using ByteSpan = std::span<const uint8_t>;
enum class DigestKind : uint8_t { sha256, sha512 };

template <class C>
concept Crypto = requires(C& crypto, ByteSpan bytes, DigestKind kind) {
  // Takes the certificates (X.509, DER, one after the other) as roots; false, and no root, where one is none.
  { crypto.trust(bytes) } -> std::same_as<bool>;
  { crypto.forget() } -> std::same_as<void>;
  // Whether `signature` is that of a root with this issuer and serial number (DER, one after the other) over `bytes`.
  { crypto.verify(bytes, kind, bytes, bytes) } -> std::same_as<bool>;
  { crypto.sha256(bytes) } -> std::same_as<std::array<uint8_t, 32>>;
};

}  // namespace cupel::lvbs
