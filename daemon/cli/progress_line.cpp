#include "daemon/cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include "storage/base/text.h"
#include "storage/base/units.h"

namespace damsync {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";
constexpr std::chrono::milliseconds kPause{100};

void write_all(int fd, const std::string& text) {
  [[maybe_unused]] const auto ignored = ::write(fd, text.data(), text.size());
}

}  // namespace

ProgressLine::ProgressLine(int fd, Log& log, bool wanted) : fd_(fd), log_(log), active_(wanted && ::isatty(fd) == 1) {
  if (active_) log_.set_line_start(kClearLine);
}

ProgressLine::~ProgressLine() {
  if (!active_) return;
  log_.set_line_start("");
  write_all(fd_, kClearLine);
}

void ProgressLine::show(const Progress& progress) {
  if (!active_) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < kPause) return;
  last_ = now;
  write_all(fd_, kClearLine + progress_text(progress));
}

ProgressSink ProgressLine::sink() {
  return [this](const Progress& progress) { show(progress); };
}

std::string progress_text(const Progress& progress) {
  std::string out = fmt::format("{} {} {}", printable(progress.account), progress.step, progress.done);
  if (progress.total > 0)
    out += fmt::format("/{} {}%", progress.total, std::min<std::int64_t>(100, progress.done * 100 / progress.total));
  if (progress.bytes > 0) out += " " + format_size(progress.bytes);
  constexpr std::size_t kMost = 78;  // never wraps, so that one line can be cleared
  return out.substr(0, kMost);
}

}  // namespace damsync
