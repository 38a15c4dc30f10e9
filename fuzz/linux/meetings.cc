#include "fuzz/linux/meetings.hh"

#include <array>

namespace cupel::fuzz {
namespace {

constexpr std::array<std::string_view, 9> texts{
    R"(r0 = pipe2(out, 0)
       fork()
       fork()
       read(r0.1, [1], 1) ; task 1
       read(r0.1, [1], 1) ; task 2
       write(r0.2, "a", 1)
       write(r0.2, "b", 1))",
    R"(r0 = pipe2(out, 0)
       clone(CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD, 0, 0, 0, 0)
       read(r0.1, [4], 4) ; task 1
       close(r0.1) ; task 1
       dup2(1, r0.1)
       write(r0.2, "abcd", 4)
       close(r0.2))",
    R"(r0 = pipe2(out, 0)
       fork()
       close(r0.2) ; task 1
       read(r0.1, [4], 4) ; task 1
       write(r0.2, "ab", 2)
       close(r0.2))",
    R"(r0 = eventfd2(0, EFD_SEMAPHORE)
       fork()
       fork()
       read(r0, [8], 8) ; task 1
       read(r0, [8], 8) ; task 2
       write(r0, {01 00 00 00 00 00 00 00}, 8)
       write(r0, {01 00 00 00 00 00 00 00}, 8))",
    R"(r0 = pipe2(out, 0)
       fork()
       poll([{r0.1, POLLIN, 0}], 1, -1) ; task 1
       read(r0.1, [4], 4) ; task 1
       write(r0.2, "a", 1))",
    R"(r0 = mmap(0, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
       fork()
       fork()
       futex(r0, FUTEX_WAIT, 0, null, null, 0) ; task 1
       futex(r0, FUTEX_WAIT, 0, null, null, 0) ; task 2
       futex(r0, FUTEX_WAKE, 1, null, null, 0)
       futex(r0, FUTEX_WAKE, 1, null, null, 0))",
    R"(r0 = mmap(0, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
       fork()
       fork()
       futex(r0, FUTEX_WAIT, 0, null, null, 0) ; task 1
       futex(r0, FUTEX_WAIT, 0, null, null, 0) ; task 2
       futex(r0, FUTEX_REQUEUE, 1, null, r0+4, 0)
       futex(r0+4, FUTEX_WAKE, 2, null, null, 0))",
    R"(r0 = fork()
       wait4(r0, out, 0, 0)
       exit(3) ; task 1)",
    R"(r0 = openat(AT_FDCWD, "a", O_RDWR|O_CREAT, 0644)
       clone(CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD, 0, 0, 0, 0)
       write(r0, "ab", 2)
       rename("a", "b") ; task 1
       close(r0) ; task 1
       unlink("b") ; task 1
       read(r0, [2], 2))",
};

}  // namespace

std::span<const std::string_view> meetings() { return texts; }

}  // namespace cupel::fuzz
