#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/key_table.h"

namespace damsync {

/// One key with the value in force, for `config show`.
struct EffectiveSetting {
  const KeySpec* key = nullptr;
  std::string toml;    ///< masked
  std::string origin;  ///< `file:line`, or `default`
};

struct EffectiveSection {
  const SectionSpec* section = nullptr;
  std::vector<EffectiveSetting> settings;
};

/// What came out of reading the settings: either they are in force, or everything that is wrong with them.
struct LoadedSettings {
  Settings settings;
  std::vector<EffectiveSection> effective;
  std::vector<std::string> files;  ///< in the order they were read
  std::vector<SettingsMistake> mistakes;

  [[nodiscard]] bool ok() const noexcept { return mistakes.empty(); }
  /// All mistakes, one a line. Only when not `ok`.
  [[nodiscard]] Error error() const;
};

/// Reads `file`, then `conf.d/*.toml` beside it in name order. A later value wins; a `[[section]]` of the same name in
/// a later file adds to and overrides the keys of the earlier one, others are appended. Resolves no secret.
///
/// Errors   never throws for what stands in the files; all mistakes are in the answer.
LoadedSettings load_settings(const std::filesystem::path& file);

}  // namespace damsync
