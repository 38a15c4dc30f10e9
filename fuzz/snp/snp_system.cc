// libos, the Linux shim and programs of several tasks on top of the whole guest side, while the hypervisor attacks. Whatever it does,
// the guest ends, or its programs come back with what they would have come back with under an honest one.
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstring>

#include "fuzz/snp/launch_pages.hh"
#include "fuzz/snp/system_disk.hh"
#include "fuzz/snp/system_guest.hh"
#include "libos/fs/unpack.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

enum Kind : uint8_t { write, read, open, close, pipe, dup, map, unmap, fork, thread, exit, wait, kill, sleep, time, random, futex_wait, futex_wake, console, unpack, packet_out, packet_in, share, kind_count };
constexpr uint64_t descriptors[] = {0, 1, 3, 4, 5, 6}, lengths[] = {1, 8, 100, 1000, 4096, 5000}, durations[] = {0, 1000, 1'000'000, 1'000'000'000'000}, sectors[] = {1, 2, 6, 8}, packet_lengths[] = {0, 1, 60, 1008, 1009};
constexpr ArgDesc task{"task", 4}, fd{"fd", 16, descriptors}, length{"length", 0x1800, lengths}, mapped{"mapped", 2}, nanoseconds{"ns", 2'000'000'000'000, durations}, packet_length{"length", 2000, packet_lengths};
constexpr StepDesc steps[] = {
    {"write", {task, fd, length, mapped}, {}, 3}, {"read", {task, fd, length, mapped}, {}, 3}, {"open", {task, ArgDesc{"name", 4}, ArgDesc{"create", 2}}, {}, 2}, {"close", {task, fd}}, {"pipe", {task}},
    {"dup", {task, fd}}, {"map", {task, ArgDesc{"pages", 6}}, {}, 2}, {"unmap", {task}}, {"fork", {task}}, {"thread", {task}}, {"exit", {task}}, {"wait", {task, ArgDesc{"now", 2}}}, {"kill", {task, ArgDesc{"victim", 4}}},
    {"sleep", {task, nanoseconds}, {}, 2}, {"time", {task, ArgDesc{"clock", 2}}, {}, 2}, {"random", {task, length}}, {"futex_wait", {task, nanoseconds}}, {"futex_wake", {task}}, {"console", {task, length}, {}, 2},
    {"unpack", {task, ArgDesc{"sectors", 12, sectors}}}, {"packet_out", {task, packet_length}}, {"packet_in", {task, packet_length}}, {"share", {task, packet_length}}};
static_assert(std::size(steps) == kind_count);
constexpr Tale likely_tales[] = {Tale::exception, Tale::device, Tale::own_page, Tale::exchanged_page, Tale::unserved, Tale::words};
constexpr ActKind likely_acts[] = {ActKind::info_1, ActKind::info_2, ActKind::signal, ActKind::signal, ActKind::time, ActKind::time, ActKind::remap, ActKind::no_entropy, ActKind::serve, ActKind::poke, ActKind::trap, ActKind::ignore, ActKind::current};
constexpr uint64_t likely_words[] = {0, 1, 0x40, 0x41, 0x80, 14, 0x8000'0306, UINT64_MAX, UINT64_MAX / 2, 5000};

constexpr uint32_t ghcb_frame = frames::ghcb_of_ap, proof = frames::special + 40, gate = frames::special + 41, memory_first = 64, memory_frames = 40;
constexpr SouthLayout layout{
    .boot = {address_of(frames::cpuid), address_of(frames::secrets), ghcb_frame, address_of(proof), address_of(gate), 0},
    .doorbell_gfn = frames::doorbell, .queue_gfn = frames::queue, .pool_gfn = frames::pool, .pool_pages = frames::pool_pages, .notify_gpa = mock_snp::Hypervisor::notify_gpa,
    .memory_first = memory_first, .memory_end = memory_first + memory_frames, .frequency_khz = 1'000'000};

// Where a task's program keeps what: bytes to write and bytes that were read, and small arguments behind them.
constexpr uint64_t bytes_at = slots_base + 0x2000, word_at = slots_base + 0x6000, argument_at = slots_base + 0x6100;

class SnpSystem final : public SnpTarget {
 public:
  SnpSystem() : SnpTarget("snp_system", {steps, likely_acts, likely_words, likely_tales}) {}

 private:
  void begin(World& world) override {
    record_.assign(mock_snp::guest_frames, Frame{});
    for (uint32_t frame = frames::special; frame < mock_snp::guest_frames; ++frame) record_[frame] = {PageState::shared, Role::pinned};
    for (const uint32_t frame : {ghcb_frame, frames::cpuid, frames::secrets, proof, gate, frames::doorbell, frames::queue, frames::pool, frames::pool + 1}) {
      world.hardware.launch(frame);
      record_[frame] = {PageState::private_valid, Role::none};
    }
    put_cpuid_page(world, Hardware::c_bit);
    put_secrets_page(world);
    world.hypervisor.disk = system_disk();
    mapping_ = 0;
    tainted_ = SIZE_MAX;
    guest_.begin(world.hardware, record_, layout, static_cast<std::byte>(world.next_secret()));
  }

  bool legal(const World& world, const Step&) override { return !world.hardware.terminated(); }

  std::string_view perform(World& world, const Step& step) override {
    const auto tid = guest_.idle_task(step.args[0]);
    if (!tid) return "done: it is busy";
    const char* refused = nullptr;
    switch (step.kind) {
      case console: case unpack: case packet_out: case packet_in: case share: perform_outside(world, *tid, step); break;
      case exit: case kill: refused = end_task(*tid, step); break;
      default: guest_.make(*tid, call_of(world, step)); break;
    }
    if (!guest_.at_rest()) violate(world, "progress", "a machine that comes to rest", "one that does not");
    if (refused != nullptr) return refused;
    if (step.kind == map && guest_.last_value() > 0) mapping_ = static_cast<uint64_t>(guest_.last_value());
    said_ = "done: " + std::to_string(guest_.last_value());
    if (given_up_) said_ = "given up";
    return said_;
  }

  // The first task stays.
  const char* end_task(int32_t tid, const Step& step) {
    if (step.kind == exit) {
      if (guest_.is_first(tid)) return "done: not the first one";
      guest_.make(tid, {.number = SYS_exit_group, .registers = {7}});
      return nullptr;
    }
    const auto victim = guest_.idle_task(step.args[1]);
    if (!victim || guest_.is_first(*victim)) return "done: not that one";
    guest_.make(tid, {.number = SYS_kill, .registers = {static_cast<uint64_t>(*victim), SIGKILL}});
    return nullptr;
  }

  // Bytes of which only the first are told to anybody.
  std::vector<uint8_t> bytes_of(World& world, uint64_t size) {
    std::vector<uint8_t> bytes(size + 64);
    for (size_t index = 0; index < bytes.size(); ++index) bytes[index] = index < size ? static_cast<uint8_t>(index * 3 + 1) : static_cast<uint8_t>(world.next_secret());
    return bytes;
  }
  static std::vector<uint8_t> words(std::initializer_list<uint64_t> all) {
    std::vector<uint8_t> bytes(all.size() * 8);
    std::memcpy(bytes.data(), std::data(all), bytes.size());
    return bytes;
  }

  SystemCall call_of(World& world, const Step& step) {
    const auto& args = step.args;
    const uint64_t place = args[3] != 0 && mapping_ != 0 ? mapping_ : bytes_at;
    constexpr uint64_t second = 1'000'000'000;
    switch (step.kind) {
      case write: return {SYS_write, {args[1], place, args[2]}, bytes_of(world, args[2]), place};
      case read: return {SYS_read, {args[1], place, args[2]}, {}, 0, place};
      case open: {
        static constexpr std::string_view names[] = {"/console", "/bin/one", "/etc/two", "/new"};
        const std::string_view name = names[args[1]];
        std::vector<uint8_t> text(name.begin(), name.end());
        text.push_back(0);
        return {SYS_openat, {static_cast<uint64_t>(AT_FDCWD), argument_at, args[2] != 0 ? uint64_t{O_RDWR | O_CREAT} : uint64_t{O_RDONLY}, 0644}, std::move(text), argument_at};
      }
      case close: return {SYS_close, {args[1]}};
      case pipe: return {SYS_pipe2, {argument_at, 0}};
      case dup: return {SYS_dup, {args[1]}};
      case map: return {SYS_mmap, {0, args[1] * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~uint64_t{0}, 0}};
      case unmap: return {SYS_munmap, {std::exchange(mapping_, 0), 8 * page_size}};
      case fork: return {SYS_clone, {SIGCHLD, 0}};
      case thread: return {SYS_clone, {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, slots_base + 0xf000}};
      case wait: return {SYS_wait4, {~uint64_t{0}, 0, args[1] != 0 ? uint64_t{WNOHANG} : 0, 0}};
      case sleep: return {SYS_nanosleep, {argument_at, 0}, words({args[1] / second, args[1] % second}), argument_at};
      case time: return {SYS_clock_gettime, {args[1], argument_at}};
      case random: return {SYS_getrandom, {bytes_at, args[1], 0}, {}, 0, bytes_at};
      case futex_wait: return {SYS_futex, {word_at, FUTEX_WAIT_PRIVATE, 0, args[1] == 0 ? 0 : argument_at}, words({args[1] / second, args[1] % second}), argument_at};
      default: return {SYS_futex, {word_at, FUTEX_WAKE_PRIVATE, 1}};
    }
  }

  // What the machine itself does with what is outside.
  void perform_outside(World& world, int32_t tid, const Step& step) {
    bytes_ = bytes_of(world, step.args[1]);
    size_ = step.args[1];
    given_up_ = false;
    step_ = &step, world_of_step_ = &world, tid_ = tid;
    guest_.make(tid, [](void* self, SystemGuest& guest) { static_cast<SnpSystem*>(self)->reach_outside(guest); }, this);
    // More than one slot holds is refused, whoever is behind it; and a device that has lied once is given up for good.
    const uint64_t size_max = step.kind == share ? packet_size_max - 7 : step.kind == packet_in ? slot_size - answer_head : packet_size_max;
    if ((step.kind != unpack && size_ > size_max) || world.hypervisor.lied()) given_up_ = false;
  }
  void reach_outside(SystemGuest& guest) {
    auto& platform = guest.platform();
    switch (step_->kind) {
      case console: platform.console(std::as_bytes(std::span(bytes_).first(size_))); return;
      case unpack: return unpack_disk(guest);
      case packet_out: platform.cross([&](auto& south) { given_up_ = !south.devices().send_packet(std::span(bytes_).first(size_)); }); return;
      case packet_in: platform.cross([&](auto& south) { given_up_ = !south.devices().receive_packet(std::span(bytes_).first(size_)); }); return;
      default: platform.cross([&](auto& south) { given_up_ = !south.devices().ask_share(100, std::span(bytes_).first(size_), room_); }); return;
    }
  }
  // The first files, from the host's disk: whatever is on it, the machine stays whole.
  void unpack_disk(SystemGuest& guest) {
    archive_.assign(step_->args[1] * sector_size, 0);
    guest.platform().cross([&](auto& south) {
      for (uint64_t sector = 0; sector < step_->args[1] && !given_up_; ++sector) {
        given_up_ = !south.devices().read_sector(sector, std::span(archive_).subspan(sector * sector_size).template first<sector_size>());
      }
      if (!world_of_step_->hypervisor.lied() && !given_up_ && !same_as_disk()) world_of_step_->hardware.violate("honest", "what is on the disk", "something else");
    });
    // From here on files are what the host says, where it lies.
    if (world_of_step_->hypervisor.lied()) tainted_ = std::min(tainted_, guest.results().size());
    if (given_up_) return;
    libos::Machine& machine = guest.machine();
    machine.lock().acquire(guest.platform());
    const auto unpacked = libos::unpack_tar(machine.files(), std::as_bytes(std::span(archive_)));
    machine.lock().release(guest.platform());
    guest.note(unpacked ? 0 : static_cast<uint64_t>(unpacked.error()));
  }
  bool same_as_disk() const {
    const auto disk = system_disk();
    for (size_t index = 0; index < archive_.size(); ++index) {
      if (archive_[index] != (index < disk.size() ? disk[index] : 0)) return false;
    }
    return true;
  }

  void finish(World& world) override {
    if (!guest_.shut_down()) violate(world, "leak", "an arena as empty as before boot", "memory nobody holds, or a task that does not end");
  }

  // Under two secrets; and, where the hypervisor did anything, once more under an honest one: what programs were told is the same,
  // as far as they came.
  Run execute(const Script& script, std::string* trace) override {
    Run run = SnpTarget::execute(script, trace);
    if (run.finding || script.acts.empty() || !enabled("integrity")) return run;
    std::vector<uint64_t> told = guest_.results();
    told.resize(std::min(told.size(), tainted_));
    Script honest = script;
    honest.acts.clear();
    pass(honest, 1, nullptr);
    const auto& truth = guest_.results();
    const size_t count = std::min(told.size(), truth.size());
    const auto different = std::ranges::mismatch(std::span(told).first(count), std::span(truth).first(count)).in1;
    const auto index = static_cast<size_t>(different - std::span(told).first(count).begin());
    if (index < count) run.finding = Finding{"integrity", "result " + std::to_string(index), "what a program is told under an honest hypervisor", "something else"};
    return run;
  }

  SystemGuest guest_;
  std::vector<Frame> record_;
  uint64_t mapping_ = 0, size_ = 0;  // where the last mapping is
  size_t tainted_ = SIZE_MAX;        // from that result on, what a lying device said may show
  bool given_up_ = false;
  std::string said_;
  std::vector<uint8_t> bytes_, archive_;
  std::array<uint8_t, 512> room_{};
  const Step* step_ = nullptr;
  World* world_of_step_ = nullptr;
  int32_t tid_ = 0;
};

const Registered<SnpSystem> registered("snp_system", "libos and programs of the Linux shim in an SEV-SNP guest whose hypervisor attacks");

}  // namespace
}  // namespace cupel::fuzz::snp
