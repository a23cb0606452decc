#include "daemon/cli/output.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

/// Columns that hold texts for reading, and nothing that somebody would copy into another command.
bool is_prose(std::string_view header) {
  constexpr std::array<std::string_view, 6> kProse = {"TITLE", "NAME", "REASON", "PATH", "DETAIL", "FIELDS"};
  return std::find(kProse.begin(), kProse.end(), header) != kProse.end();
}

/// Where the code points behind the first `count` begin.
std::size_t offset_of(const std::string& text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && count-- == 0) break;
  return at;
}

/// A path is told by its two ends, any other text by its beginning.
std::string cut(const std::string& text, std::size_t most, bool in_the_middle) {
  const std::size_t width = width_of(text);
  if (width <= most) return text;
  const std::size_t behind = in_the_middle ? (most - 1) / 2 : 0;
  return text.substr(0, offset_of(text, most - 1 - behind)) + "…" + text.substr(offset_of(text, width - behind));
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

std::size_t Output::columns() const noexcept {
  winsize size{};
  return terminal_ && ::ioctl(fd_, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

Status Output::finish() {
  flush();
  if (!lost()) return {};
  return make_error(ErrorCode::kStorage, fmt::format("standard output is lost: {}", std::strerror(error_)));
}

bool Output::reader_gone() const noexcept { return error_ == EPIPE; }

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

std::string counted(std::int64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
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
  if (const std::size_t columns = out_.columns(); columns > 0) fit(columns);
  for (const auto& row : first_) write(row);
  first_.clear();
}

/// Takes from the widest of the columns that may be cut, again and again, until a row is as long as a line.
void Table::fit(std::size_t columns) {
  constexpr std::size_t kLeast = 10;
  const auto& header = first_.front();
  most_.assign(widths_.size(), 0);
  path_ = std::find(header.begin(), header.end(), "PATH") - header.begin();
  std::vector<std::size_t> prose;
  for (std::size_t i = 0; i < header.size(); ++i)
    if (is_prose(header[i])) prose.push_back(i);
  if (prose.empty()) return;
  for (const std::size_t i : prose)
    for (const auto& row : first_)
      if (i < row.size()) widths_[i] = std::max(widths_[i], width_of(row[i]));
  const auto wider = [this](std::size_t a, std::size_t b) { return widths_[a] < widths_[b]; };
  std::size_t length = 2 * (widths_.size() - 1);
  for (const std::size_t width : widths_) length += width;
  for (; length > columns; --length) {
    const std::size_t widest = *std::max_element(prose.begin(), prose.end(), wider);
    if (widths_[widest] <= kLeast) break;
    --widths_[widest];
  }
  // What room is left is for rows that come later.
  if (length < columns) widths_[prose.back()] += columns - length;
  for (const std::size_t i : prose) most_[i] = widths_[i];
}

void Table::write(const std::vector<std::string>& row) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const bool is_long = i < most_.size() && most_[i] > 0;
    const std::string cell = is_long ? cut(row[i], most_[i], static_cast<std::ptrdiff_t>(i) == path_) : row[i];
    line += cell;
    const std::size_t width = width_of(cell);
    if (i + 1 < row.size()) line.append(2 + (width < widths_[i] ? widths_[i] - width : 0), ' ');
  }
  out_.line(line);
}

}  // namespace damsync
