#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

// futex(2) on a word which parent and child share.
namespace cupel::host {

// Returns when `word` is no longer `expected`, after `timeout`, or for no reason at all: look again.
void futex_wait(std::atomic<uint32_t>& word, uint32_t expected, std::chrono::milliseconds timeout);
void futex_wake(std::atomic<uint32_t>& word);

}  // namespace cupel::host
