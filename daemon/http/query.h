#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/result.h"

namespace damsync {

/// What stands behind the question mark of an address.
///
/// Errors   kUsage, naming what is wrong and what is expected.
class Query {
 public:
  /// `known`: the names that mean something; any other is a mistake, not something to overlook.
  static Result<Query> parse(std::string_view text, std::initializer_list<std::string_view> known);

  /// Empty when it is not there.
  [[nodiscard]] std::string text(std::string_view name) const;
  struct Range {
    std::int64_t min, max;
  };
  [[nodiscard]] Result<std::int64_t> number(std::string_view name, std::int64_t fallback, Range range) const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace damsync
