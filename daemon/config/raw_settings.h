#pragma once

#include <filesystem>
#include <list>
#include <string>
#include <vector>

#include "daemon/config/key_table.h"

namespace damsync {

/// One section as written, over all files: the last value of each key.
struct RawSection {
  const SectionSpec* spec = nullptr;
  std::string file;  ///< of the header
  int line = 0;
  std::vector<std::pair<std::string, const ConfigNode*>> keys;

  [[nodiscard]] const ConfigNode* find(std::string_view key) const noexcept;
  void set(const std::string& key, const ConfigNode* node);
  /// A mistake of this section: at the key's own line if it is written, else at the header.
  [[nodiscard]] SettingsMistake mistake(std::string_view key, std::string problem) const;
};

/// All files, merged and not yet checked: every `[section]` once, every `[[section]]` as often as it is named.
struct RawSettings {
  std::list<ConfigNode> documents;  ///< what `RawSection` points into
  std::vector<std::string> files;
  std::vector<std::string> readable_by_others;
  std::vector<RawSection> sections;
};

/// Reads and merges; mistakes are about files, syntax, unknown sections and doubled names.
RawSettings read_raw_settings(const std::filesystem::path& file, std::vector<SettingsMistake>& mistakes);

}  // namespace damsync
