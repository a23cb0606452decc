#pragma once

#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "storage/base/clock.h"
#include "storage/base/secret.h"

namespace damsync {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

/// One `key=value` of a log line.
struct LogField {
  std::string_view key;
  std::string value;
};

/// Writes one line an event to a file descriptor: `2026-01-31T02:30:00Z info sync.finished account=newsroom …`.
/// Every line passes the redactor; control characters of values are shown as `\xNN`, values with blanks are quoted.
/// Lines for the journal (`$JOURNAL_STREAM` names the descriptor) start with their priority, `<6>` for info.
///
/// Errors   a line that cannot be written is dropped; logging never fails the caller.
/// Threads  shared by all; one `write` a line.
class Log {
 public:
  Log(int fd, const Clock& clock, Redactor& redactor);

  void set_level(LogLevel level) noexcept { level_ = level; }
  void set_format(LogFormat format) noexcept { format_ = format; }
  /// Bytes written before every line, e.g. to clear a progress display. Set it while only one thread logs.
  void set_line_start(std::string bytes) { line_start_ = std::move(bytes); }
  [[nodiscard]] bool enabled(LogLevel level) const noexcept { return level >= level_; }
  [[nodiscard]] Redactor& redactor() const noexcept { return redactor_; }

  void debug(std::string_view event, std::initializer_list<LogField> fields) { write(LogLevel::kDebug, event, fields); }
  void info(std::string_view event, std::initializer_list<LogField> fields) { write(LogLevel::kInfo, event, fields); }
  void warning(std::string_view event, std::initializer_list<LogField> fields) {
    write(LogLevel::kWarning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields) { write(LogLevel::kError, event, fields); }

  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

 private:
  int fd_;
  const Clock& clock_;
  Redactor& redactor_;
  bool journal_;
  std::string line_start_;
  LogLevel level_ = LogLevel::kInfo;
  LogFormat format_ = LogFormat::kText;
};

}  // namespace damsync
