#include "storage/base/log.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "storage/base/json.h"
#include "storage/base/text.h"
#include "storage/base/time.h"

namespace damsync {
namespace {

const char* word_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "error";
}

/// The priority prefix of sd-daemon(3).
const char* priority_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "<7>";
    case LogLevel::kInfo: return "<6>";
    case LogLevel::kWarning: return "<4>";
    case LogLevel::kError: return "<3>";
  }
  return "<3>";
}

/// True when `fd` is the stream that systemd connected to the journal (systemd.exec(5), $JOURNAL_STREAM).
bool leads_to_journal(int fd) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  if (stream == nullptr || ::fstat(fd, &info) != 0) return false;
  return fmt::format("{}:{}", info.st_dev, info.st_ino) == stream;
}

void append_value(std::string& out, std::string_view value) {
  if (!value.empty() && value.find_first_of(" \"=") == std::string_view::npos) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"') out += '\\';
    out += c;
  }
  out += '"';
}

/// A field never takes the place of what every line has.
std::string member_name(std::string_view key) {
  const bool reserved = key == "time" || key == "level" || key == "event";
  return std::string(key) + (reserved ? "_" : "");
}

void write_once(int fd, const std::string& line) {
  ssize_t written = 0;
  do written = ::write(fd, line.data(), line.size());
  while (written < 0 && errno == EINTR);
}

}  // namespace

Log::Log(int fd, const Clock& clock, Redactor& redactor)
    : fd_(fd), clock_(clock), redactor_(redactor), journal_(leads_to_journal(fd)) {}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  // Secrets are looked for before escaping, where they stand as they are, and once more in the whole line.
  const auto shown = [&](const std::string& value) { return printable(redactor_.redact(value)); };
  const std::string time = format_rfc3339(clock_.utc());
  std::string line;
  if (format_ == LogFormat::kJson) {
    Json json = Json::object({{"time", time}, {"level", word_of(level)}, {"event", event}});
    for (const auto& field : fields) json.set(member_name(field.key), shown(field.value));
    line = write_json(json);
  } else {
    line = fmt::format("{} {} {}", time, word_of(level), event);
    for (const auto& field : fields) {
      line += fmt::format(" {}=", field.key);
      append_value(line, shown(field.value));
    }
  }
  line = redactor_.redact(line) + '\n';
  write_once(fd_, line_start_ + (journal_ ? priority_of(level) + line : line));
}

}  // namespace damsync
