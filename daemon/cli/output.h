#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/result.h"

namespace damsync {

/// Standard output. Collects and writes in large pieces; what could not be written is remembered.
///
/// Errors   after the first failed write everything is dropped and `finish` tells (kStorage).
/// Threads  one thread.
class Output {
 public:
  explicit Output(int fd);

  void text(std::string_view text);
  void line(std::string_view text);
  /// One object, one line.
  void json(const Json& value);
  /// Writes what is left. False from then on: output was lost.
  Status finish();
  /// Notices a reader that went away although nothing was written: for those who wait long between two lines.
  void look();
  [[nodiscard]] bool lost() const noexcept { return error_ != 0; }
  /// It was lost because the reader had enough, as `head` does.
  [[nodiscard]] bool reader_gone() const noexcept;
  [[nodiscard]] bool terminal() const noexcept { return terminal_; }
  /// How many characters a line of the terminal takes; 0: it is none, or does not say.
  [[nodiscard]] std::size_t columns() const noexcept;

 private:
  void flush();

  int fd_;
  bool terminal_;
  int error_ = 0;
  std::string buffer_;
};

/// `1 file`, `2 files`.
std::string counted(std::int64_t count, std::string_view thing);

/// Rows in aligned columns. The first rows decide the widths; from then on rows are written as they come, so that
/// memory does not depend on their number. On a terminal that is narrower than a row, texts that are for reading
/// (titles, reasons, paths) are cut, so that a row stays on its line; ids and numbers never are.
class Table {
 public:
  /// Without a header nothing is ever written.
  Table(Output& out, std::vector<std::string> header) : out_(out) { add(std::move(header)); }
  ~Table() { flush(); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// Cells from outside are made printable.
  void add(std::vector<std::string> row);

 private:
  void flush();
  void fit(std::size_t columns);
  void write(const std::vector<std::string>& row);

  Output& out_;
  std::vector<std::vector<std::string>> first_;
  std::vector<std::size_t> widths_;
  std::vector<std::size_t> most_;  ///< what a cell is cut to; 0: it is not
  std::ptrdiff_t path_ = -1;       ///< the column that holds paths
};

}  // namespace damsync
