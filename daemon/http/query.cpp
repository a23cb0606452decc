#include "daemon/http/query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "daemon/http/request.h"
#include "storage/base/text.h"

namespace damsync {

Result<Query> Query::parse(std::string_view text, std::initializer_list<std::string_view> known) {
  auto pairs = parse_query(text);
  if (!pairs) return make_error(ErrorCode::kUsage, "the query is not NAME=VALUE&..., each name once");
  for (const auto& [name, value] : *pairs) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return make_error(ErrorCode::kUsage, fmt::format("'{}' is not known here; there is {}",
                                                       printable(name.substr(0, 60)), fmt::join(known, ", ")));
    if (!is_utf8(value) || has_control(value))
      return make_error(ErrorCode::kUsage, fmt::format("{}: expected text without control characters", name));
  }
  Query query;
  query.pairs_ = std::move(*pairs);
  return query;
}

std::string Query::text(std::string_view name) const {
  const auto at = std::find_if(pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair.first == name; });
  return at != pairs_.end() ? at->second : "";
}

Result<std::int64_t> Query::number(std::string_view name, std::int64_t fallback, Range range) const {
  const std::string given = text(name);
  if (given.empty()) return fallback;
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(given.data(), given.data() + given.size(), value);
  const bool whole = failure == std::errc() && end == given.data() + given.size();
  if (!whole || value < range.min || value > range.max)
    return make_error(ErrorCode::kUsage,
                      fmt::format("{}: expected a number from {} to {}", name, range.min, range.max));
  return value;
}

}  // namespace damsync
