#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.h"

namespace damsync {

/// Reads a CSV file of ours record by record (RFC 4180, header first); memory does not depend on its length.
///
/// Errors   kStorage: cannot be read. kInvalid: no CSV, or a record with another number of cells than the header.
/// Threads  one.
class CsvReader {
 public:
  static Result<CsvReader> open(const std::filesystem::path& file);

  [[nodiscard]] const std::vector<std::string>& header() const noexcept { return header_; }
  /// The position of a column. kInvalid when there is none of that name.
  [[nodiscard]] Result<std::size_t> column(std::string_view name) const;
  /// The next record into `cells`; false at the end.
  Result<bool> next(std::vector<std::string>& cells);

 private:
  CsvReader(std::string name, std::ifstream in) : name_(std::move(name)), in_(std::move(in)) {}
  Result<bool> record(std::vector<std::string>& cells);
  [[nodiscard]] Error broken(const char* why) const;

  std::string name_;
  std::ifstream in_;
  std::vector<std::string> header_;
  std::int64_t record_ = 0;
};

}  // namespace damsync
