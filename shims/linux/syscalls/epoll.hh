#pragma once
#include "libos/ipc/epoll.hh"
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

enum class EpollFlag : uint32_t {};
consteval auto names_of(EpollFlag) {
  return std::array{NamedValue{"EPOLLIN", 1},       NamedValue{"EPOLLOUT", 4},     NamedValue{"EPOLLET", 1u << 31},     NamedValue{"EPOLLONESHOT", 1u << 30}, NamedValue{"EPOLLEXCLUSIVE", 1u << 28},
                    NamedValue{"EPOLLHUP", 16},     NamedValue{"EPOLLERR", 8},     NamedValue{"EPOLLRDHUP", 0x2000},    NamedValue{"EPOLLPRI", 2},             NamedValue{"EPOLLRDNORM", 64},
                    NamedValue{"EPOLLRDBAND", 128}, NamedValue{"EPOLLWRNORM", 256}, NamedValue{"EPOLLWRBAND", 512},     NamedValue{"EPOLLMSG", 1024},          NamedValue{"EPOLLWAKEUP", 1u << 29}};
}
consteval auto usual_of(EpollFlag) { return std::to_array<uint64_t>({1, 5, 1u << 31 | 1, 1u << 30 | 1, 4, 1u << 31 | 4, 1u << 28 | 1, 0}); }

// struct epoll_event, which x86-64 packs.
struct RawEpollEvent {
  FlagsField<EpollFlag> events;
  uint32_t data_low, data_high;
};
static_assert(sizeof(RawEpollEvent) == 12);

enum class EpollOperation : uint32_t { add = 1, remove = 2, modify = 3 };
consteval auto names_of(EpollOperation) { return std::array{NamedValue{"EPOLL_CTL_ADD", 1}, NamedValue{"EPOLL_CTL_DEL", 2}, NamedValue{"EPOLL_CTL_MOD", 3}}; }
enum class EpollCreateFlag : uint32_t { cloexec = 02000000 };
consteval auto names_of(EpollCreateFlag) { return std::array{NamedValue{"EPOLL_CLOEXEC", 02000000}}; }

Result<NewFd<Resource::epoll>> epoll_create(Task& task, Int size);
Result<NewFd<Resource::epoll>> epoll_create1(Task& task, Flags<EpollCreateFlag> flags);
Result<Done> epoll_ctl(Task& task, Fd<Resource::epoll> epoll, Choice<EpollOperation> operation, Fd<> fd, UserIn<RawEpollEvent> event);
Result<uint64_t> epoll_wait(Task& task, Fd<Resource::epoll> epoll, InOutArray<RawEpollEvent> events, Int timeout_ms);
Result<uint64_t> epoll_pwait(Task& task, Fd<Resource::epoll> epoll, InOutArray<RawEpollEvent> events, Int timeout_ms, Address mask, Size mask_size);
Result<uint64_t> epoll_pwait2(Task& task, Fd<Resource::epoll> epoll, InOutArray<RawEpollEvent> events, OptionalIn<RawTimespec> timeout, Address mask, Size mask_size);

}  // namespace cupel::linux_shim
