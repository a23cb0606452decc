#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/result.h"

namespace damsync {

/// One value of a settings file with the place it was written at. Keeps the TOML library out of every other file.
struct ConfigNode {
  enum class Kind { kText, kInteger, kNumber, kBool, kDate, kArray, kTable, kOther };
  Kind kind = Kind::kTable;
  std::string file;
  int line = 0;

  std::string text;  ///< of a text; a date as `YYYY-MM-DD`
  std::int64_t integer = 0;
  double number = 0;
  bool flag = false;
  std::vector<ConfigNode> items;                            ///< of an array
  std::vector<std::pair<std::string, ConfigNode>> members;  ///< of a table, sorted by key

  [[nodiscard]] const ConfigNode* find(std::string_view key) const noexcept;
};

/// The TOML word for a kind of value, for messages: `text`, `an integer`.
const char* to_word(ConfigNode::Kind kind) noexcept;

/// One thing that is wrong in the settings.
struct SettingsMistake {
  std::string file;
  int line = 0;     ///< 0: the file as a whole
  std::string key;  ///< `store.min_free`; empty: not about one key
  std::string problem;

  /// `file:line: key: what is wrong, what is expected`.
  [[nodiscard]] std::string text() const;
  bool operator==(const SettingsMistake&) const = default;
};

/// Parses TOML text. A syntax error is added to `mistakes` and an empty table returned.
ConfigNode parse_toml(std::string_view text, const std::string& file, std::vector<SettingsMistake>& mistakes);

}  // namespace damsync
