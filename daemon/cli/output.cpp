#include "daemon/cli/output.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kRowsForWidths = 200;
constexpr std::size_t kWidest = 60;

/// Code points, which is what a terminal shows for most scripts.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Output::Output(int fd) : fd_(fd), terminal_(::isatty(fd) == 1) {}

void Output::text(std::string_view text) {
  if (lost()) return;
  buffer_ += text;
  if (buffer_.size() >= kPiece || terminal_) flush();
}

void Output::line(std::string_view text) {
  this->text(text);
  this->text("\n");
}

void Output::json(const Json& value) { line(write_json(value)); }

Status Output::finish() {
  flush();
  if (!lost()) return {};
  return make_error(ErrorCode::kStorage, fmt::format("standard output is lost: {}", std::strerror(error_)));
}

void Output::look() {
  pollfd reader{fd_, 0, 0};
  if (!lost() && ::poll(&reader, 1, 0) > 0 && (reader.revents & (POLLERR | POLLNVAL)) != 0) error_ = EPIPE;
}

void Output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && !lost()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) error_ = errno;
  }
  buffer_.clear();
}

void Table::add(std::vector<std::string> row) {
  for (auto& cell : row) cell = printable(cell);
  if (!widths_.empty()) return write(row);
  first_.push_back(std::move(row));
  if (first_.size() >= kRowsForWidths) flush();
}

void Table::flush() {
  if (first_.empty() || first_.front().empty()) return;
  widths_.assign(first_.front().size(), 0);
  for (const auto& row : first_)
    for (std::size_t i = 0; i < row.size() && i < widths_.size(); ++i)
      widths_[i] = std::min(kWidest, std::max(widths_[i], width_of(row[i])));
  for (const auto& row : first_) write(row);
  first_.clear();
}

void Table::write(const std::vector<std::string>& row) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    const std::size_t width = width_of(row[i]);
    if (i + 1 < row.size()) line.append(2 + (width < widths_[i] ? widths_[i] - width : 0), ' ');
  }
  out_.line(line);
}

}  // namespace damsync
