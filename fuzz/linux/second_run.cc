#include "fuzz/linux/second_run.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fuzz/linux/digest.hh"
#include "libos/fd/fd_table.hh"

namespace cupel::fuzz {
namespace {

// Calls which Linux lets change something and fail nevertheless.
struct Exception {
  std::string_view call;
  Errno error;
  std::string_view why;
  std::optional<interface::Resource> only_on{};  // what its first argument must stand for
};
constexpr std::string_view counter_gone = "an eventfd has given its value away when it turns out that it cannot be handed over";
constexpr std::string_view marked_read = "the directory is marked as read before it turns out that no record fits";
constexpr std::string_view moved_already = "the bytes have moved when it turns out that the new position cannot be told";
constexpr std::string_view looked_at = "the file that the bytes come from has been read when it turns out that there is no room for them";
constexpr std::string_view let_go = "who wants the other kind of lock has let go of his own by then";
constexpr std::string_view page_by_page = "what lies before the page that will not do is done";
constexpr std::string_view locked_first = "pages are locked, and then made to come";
constexpr std::array exceptions{
    Exception{"read", Errno::fault, counter_gone, interface::Resource::eventfd},
    Exception{"readv", Errno::fault, counter_gone, interface::Resource::eventfd},
    Exception{"preadv2", Errno::fault, counter_gone, interface::Resource::eventfd},
    Exception{"read", Errno::fault, counter_gone, interface::Resource::timerfd},
    Exception{"readv", Errno::fault, counter_gone, interface::Resource::timerfd},
    Exception{"preadv2", Errno::fault, counter_gone, interface::Resource::eventfd},
    Exception{"preadv2", Errno::fault, counter_gone, interface::Resource::timerfd},
    Exception{"timerfd_settime", Errno::fault, "the timer is set when it turns out that its old setting cannot be told"},
    Exception{"getdents64", Errno::inval, marked_read},
    Exception{"getdents64", Errno::fault, marked_read},
    Exception{"getdents", Errno::inval, marked_read},
    Exception{"getdents", Errno::fault, marked_read},
    Exception{"sendfile", Errno::fault, moved_already},
    Exception{"copy_file_range", Errno::fault, moved_already},
    Exception{"sendfile", Errno::nomem, looked_at},
    Exception{"sendfile", Errno::fbig, looked_at},
    Exception{"copy_file_range", Errno::nomem, looked_at},
    Exception{"flock", Errno::again, let_go},
    Exception{"flock", Errno::intr, let_go},
    Exception{"mprotect", Errno::nomem, page_by_page},
    Exception{"mprotect", Errno::acces, page_by_page},
    Exception{"madvise", Errno::nomem, page_by_page},
    Exception{"mincore", Errno::nomem, page_by_page},
    Exception{"madvise", Errno::inval, page_by_page},
    Exception{"mlock", Errno::nomem, page_by_page},
    Exception{"mlock2", Errno::nomem, page_by_page},
    Exception{"munlock", Errno::nomem, page_by_page},
    Exception{"mlock", Errno::again, locked_first},
    Exception{"mlock2", Errno::again, locked_first},
    Exception{"prlimit64", Errno::fault, "the limit has changed before the old one is handed over"},
    Exception{"capget", Errno::inval, "the version that it takes is handed over"},
    Exception{"wait4", Errno::fault, "the child is gone before its status is handed over"},
};

bool is_exception(libos::Machine& machine, const StepReport& report, Errno error) {
  return std::ranges::any_of(exceptions, [&](const Exception& one) {
    if (one.call != report.invocation.desc->name || one.error != error) return false;
    if (!one.only_on) return true;
    const libos::OpenFile* file = machine.find_task(report.invocation.tid)->fds().at(static_cast<uint32_t>(report.invocation.registers[0]));
    return file != nullptr && file->kind() == *one.only_on;
  });
}

}  // namespace

bool failed_alone(const StepReport& report) {
  constexpr int64_t errno_max = 4095;
  return report.outcome.kind == interface::Outcome::Kind::returned && report.outcome.value < 0 && report.outcome.value >= -errno_max && report.alone;
}

void SecondRun::note_failure(const StepReport& report) {
  if (failing_.size() <= report.index) failing_.resize(report.index + 1);
  failing_[report.index] = true;
}

void SecondRun::begin(bool wakes, bool watches_failures) {
  wakes_ = wakes;
  watches_failures_ = watches_failures;
  before_.assign(failing_.size(), 0);
  change_.reset();
}

void SecondRun::before_step(size_t index, const interface::Invocation&) {
  if (watches_failures_ && failing(index)) before_[index] = visible_digest(executor_.world().machine());
}

void SecondRun::on_step(const StepReport& report) {
  if (!watches_failures_ || change_ || !failing(report.index) || !failed_alone(report)) return;
  const auto error = static_cast<Errno>(-report.outcome.value);
  if (is_exception(executor_.world().machine(), report, error)) return;
  if (visible_digest(executor_.world().machine()) != before_[report.index]) {
    change_ = {report.index, error, "the machine is not as it was before the call"};
  } else if (!report.watch.writes().empty() && error != Errno::fault && error != Errno::intr) {
    const mock::GuestAccess& write = report.watch.writes().front();
    change_ = {report.index, error, fmt::format("{} bytes written at {:#x}", write.size, write.address)};
  }
}

void SecondRun::at_rest() {
  if (wakes_) executor_.wake_for_nothing();
}

}  // namespace cupel::fuzz
