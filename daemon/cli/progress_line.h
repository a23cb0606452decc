#pragma once

#include <chrono>
#include <mutex>

#include "storage/base/log.h"
#include "sync/pipeline/progress.h"

namespace damsync {

/// One line on a terminal that is written over again and gone when this is destroyed. Silent anywhere else.
///
/// Threads  `show` from any thread.
class ProgressLine {
 public:
  ProgressLine(int fd, Log& log, bool wanted);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Progress& progress);
  [[nodiscard]] ProgressSink sink();

 private:
  int fd_;
  Log& log_;
  bool active_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point last_{};
};

/// `newsroom files 120/400 30% 1.5 GiB`.
std::string progress_text(const Progress& progress);

}  // namespace damsync
