#pragma once
#include <span>
#include <string_view>

namespace cupel::fuzz {

// Programs, as text, in which tasks meet: one sleeps, others wake it, or take away what it sleeps on. What concurrent
// programs are bred from, as calls drawn at random seldom meet.
std::span<const std::string_view> meetings();

}  // namespace cupel::fuzz
