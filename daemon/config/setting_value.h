#pragma once

#include <string>

#include "daemon/config/key_table.h"
#include "storage/base/result.h"

namespace damsync {

/// Checks one value against its key: type, unit, range, accepted words.
/// Errors   kSettings: what is wrong and what is expected, without file and line; never the value of a secret.
Result<SettingValue> parse_setting(const KeySpec& key, const ConfigNode& node);

/// The value for people, as TOML; a secret shows where it comes from, never what it is.
std::string masked_toml(const KeySpec& key, const ConfigNode& node);

/// What the key accepts: `a duration from 1s to 7d`.
std::string expected(const KeySpec& key);

/// Of the candidates, the one that `word` was most likely meant to be; empty when it looks like none of them.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace damsync
