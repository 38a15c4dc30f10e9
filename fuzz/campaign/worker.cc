#include "fuzz/campaign/worker.hh"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace cupel::fuzz {
namespace {

constexpr uintmax_t input_size_max = 4096;    // bytes of the inputs that a search makes
constexpr size_t last_lines_max = 64 * 1024;  // bytes of output kept for a finding's report

// The number after `mark` in `line`, if it is there.
void number_after(std::string_view line, std::string_view mark, uint64_t& value) {
  const auto at = line.find(mark);
  if (at == std::string_view::npos) return;
  auto rest = line.substr(at + mark.size());
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
  uint64_t found = 0;
  if (std::from_chars(rest.data(), rest.data() + rest.size(), found).ec == std::errc{}) value = found;
}

// As long as inputs get by search, and as long as those that were named are: the engine cuts off what is longer.
uintmax_t longest(const std::vector<std::filesystem::path>& inputs) {
  uintmax_t size = input_size_max;
  for (const std::filesystem::path& input : inputs) {
    std::error_code error;
    if (std::filesystem::is_regular_file(input, error)) size = std::max(size, std::filesystem::file_size(input, error));
  }
  return size;
}

}  // namespace

void read_progress(std::string_view line, Progress& progress) {
  if (line.starts_with('#')) {
    number_after(line, "#", progress.executions);
    number_after(line, "cov:", progress.edges);
    number_after(line, "ft:", progress.features);
    number_after(line, "corp:", progress.corpus);
    number_after(line, "exec/s:", progress.rate);
    progress.loaded = progress.loaded || line.find("\tINITED") != std::string_view::npos;
  } else if (line.starts_with("stat::")) {
    number_after(line, "stat::number_of_executed_units:", progress.executions);
    number_after(line, "stat::average_exec_per_sec:", progress.rate);
  }
}

std::expected<Worker, std::string> Worker::start(const Setup& setup) {
  const std::string artifacts = "-artifact_prefix=" + setup.artifacts.string() + "/";
  const std::string program = setup.program, seed = "-seed=" + std::to_string(setup.seed), length = "-max_len=" + std::to_string(longest(setup.inputs));
  std::vector<const char*> arguments{program.c_str(), artifacts.c_str(), seed.c_str(), "-print_final_stats=1", length.c_str(),
                                     "-timeout=20",   "-rss_limit_mb=4096", "-reload=0", "-report_slow_units=60",
                                     "-len_control=0"};  // the mutators know what is long enough; a few bytes hold no whole call
  const std::vector<std::string> inputs(setup.inputs.begin(), setup.inputs.end());
  for (const std::string& input : inputs) arguments.push_back(input.c_str());
  arguments.push_back(nullptr);
  std::string without;
  for (const std::string& oracle : setup.without) without += (without.empty() ? "" : ",") + oracle;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(std::string("pipe: ") + std::strerror(errno));
  const pid_t process = fork();
  if (process < 0) {
    close(ends[0]), close(ends[1]);
    return std::unexpected(std::string("fork: ") + std::strerror(errno));
  }
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);  // the terminal's interrupt is ours to pass on
    dup2(ends[1], STDERR_FILENO);
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO), dup2(null, STDOUT_FILENO);
    setenv("ASAN_SYMBOLIZER_PATH", CUPEL_SYMBOLIZER, 0);  // so that reports name our files and lines
    if (!without.empty()) setenv("CUPEL_WITHOUT", without.c_str(), 1);
    execv(program.c_str(), const_cast<char* const*>(arguments.data()));  // SAFETY: execv does not write to its arguments
    _exit(127);
  }
  close(ends[1]);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  Worker worker;
  worker.target_ = setup.target, worker.process_ = process, worker.output_ = ends[0];
  worker.started_ = std::chrono::steady_clock::now();
  return worker;
}

Worker::Worker(Worker&& other) noexcept { *this = std::move(other); }

Worker& Worker::operator=(Worker&& other) noexcept {
  std::swap(target_, other.target_);
  std::swap(process_, other.process_);
  std::swap(output_, other.output_);
  std::swap(exit_status_, other.exit_status_);
  std::swap(asked_to_end_, other.asked_to_end_);
  std::swap(partial_, other.partial_);
  std::swap(last_lines_, other.last_lines_);
  std::swap(progress_, other.progress_);
  std::swap(started_, other.started_);
  return *this;
}

Worker::~Worker() {
  if (process_ > 0) {
    kill();
    while (pump()) usleep(1000);
  }
  if (output_ >= 0) close(output_);
}

bool Worker::pump() {
  if (process_ <= 0) return false;
  char chunk[16 * 1024];
  for (;;) {
    const ssize_t size = read(output_, chunk, sizeof chunk);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return true;  // EAGAIN: nothing more for now
    if (size == 0) break;
    partial_.append(chunk, static_cast<size_t>(size));
    for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
      read_progress(std::string_view(partial_).substr(0, end), progress_);
      last_lines_.append(partial_, 0, end + 1);
      partial_.erase(0, end + 1);
    }
    if (last_lines_.size() > last_lines_max) last_lines_.erase(0, last_lines_.size() - last_lines_max);
  }
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void Worker::interrupt() {
  asked_to_end_ = true;
  if (process_ > 0) ::kill(process_, SIGINT);
}
void Worker::kill() {
  asked_to_end_ = true;
  if (process_ > 0) ::kill(process_, SIGKILL);
}

}  // namespace cupel::fuzz
