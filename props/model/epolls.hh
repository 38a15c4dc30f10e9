#pragma once
#include "props/model/streams.hh"

// Interest lists: epoll(7).
namespace cupel::props {

// What an epoll_wait(2) must, and what it may, tell of one entry; zero where that is nothing.
Readiness entry_readiness(const World& world, const EpollEntry& entry);

}  // namespace cupel::props
