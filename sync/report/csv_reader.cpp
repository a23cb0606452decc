#include "sync/report/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace damsync {

Result<CsvReader> CsvReader::open(const std::filesystem::path& file) {
  CsvReader reader(file.string(), std::ifstream(file, std::ios::binary));
  if (!reader.in_) return make_error(ErrorCode::kStorage, fmt::format("{} cannot be opened", file.string()));
  const auto header = reader.record(reader.header_);
  if (!header) return header.error();
  if (!*header) return reader.broken("it is empty");
  return reader;
}

Error CsvReader::broken(const char* why) const {
  return make_error(ErrorCode::kInvalid, fmt::format("{}, record {}: {}", name_, record_, why));
}

Result<std::size_t> CsvReader::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) return make_error(ErrorCode::kInvalid, fmt::format("{} has no column {}", name_, name));
  return static_cast<std::size_t>(found - header_.begin());
}

Result<bool> CsvReader::next(std::vector<std::string>& cells) {
  const auto got = record(cells);
  if (got && *got && cells.size() != header_.size()) return broken("another number of cells than the header");
  return got;
}

Result<bool> CsvReader::record(std::vector<std::string>& cells) {
  std::size_t used = 0;
  const auto next_cell = [&]() -> std::string& {
    if (used == cells.size()) cells.emplace_back();
    cells[used].clear();
    return cells[used++];
  };
  auto* buffer = in_.rdbuf();
  constexpr int kEnd = std::char_traits<char>::eof();
  int c = buffer->sbumpc();
  if (c == kEnd) return false;
  ++record_;
  std::string* cell = &next_cell();
  for (bool quoted = false;; c = buffer->sbumpc()) {
    if (quoted) {
      if (c == kEnd) return broken("a quoted cell does not end");
      if (c != '"') {
        *cell += static_cast<char>(c);
      } else if (buffer->sgetc() == '"') {
        *cell += static_cast<char>(buffer->sbumpc());
      } else {
        quoted = false;
      }
    } else if (c == '"' && cell->empty()) {
      quoted = true;
    } else if (c == ',') {
      cell = &next_cell();
    } else if (c == '\n' || c == kEnd) {
      break;
    } else if (c != '\r') {
      *cell += static_cast<char>(c);
    }
  }
  cells.resize(used);
  return true;
}

}  // namespace damsync
