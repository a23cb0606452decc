#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config_node.h"
#include "daemon/config/settings.h"

namespace damsync {

/// What a key's value must look like. Every type but the lists and `kMatch` is one TOML value.
enum class KeyType {
  kText,
  kPath,  ///< absolute
  kBool,
  kInteger,
  kNumber,
  kDuration,   ///< text with a unit; a `SettingValue` holds milliseconds
  kSize,       ///< text with a unit; bytes
  kShare,      ///< `"5%"`; a fraction
  kDate,       ///< a TOML date or text `YYYY-MM-DD`
  kTimeOfDay,  ///< `"02:30"`; minutes
  kUrl,        ///< https, or http to a loopback address; no query
  kHookUrl,    ///< the same with a query, which may be a secret
  kLink,       ///< any http or https address that people follow
  kSecret,
  kTextList,
  kIntegerList,
  kMatch,  ///< a table of texts
};

/// A checked value; the members that the key's type speaks of are filled.
struct SettingValue {
  std::string text;
  bool flag = false;
  std::int64_t integer = 0;
  double number = 0;
  std::optional<std::chrono::sys_days> day;
  SecretRef secret;
  std::vector<std::string> texts;
  std::vector<std::int64_t> integers;
  std::vector<std::pair<std::string, std::string>> members;
};

/// One key of the settings: what validation, defaults, `config show`, `config init` and the manual are made from.
struct KeySpec {
  std::string_view section;
  std::string_view name;
  KeyType type = KeyType::kText;
  std::string_view fallback = {};       ///< default as TOML; empty: unset
  std::string_view min = {}, max = {};  ///< in the notation of the type; empty: unbounded
  std::string_view words = {};          ///< the accepted texts, separated by `|`; empty: any
  std::string_view providers = {};      ///< blank-separated; empty: every provider
  std::string_view example = {};        ///< for `config init`, as TOML; empty: the default
  bool required = false;
  std::string_view help = {};
  void (*apply)(Settings&, const SettingValue&) = nullptr;  ///< into the section's (last) struct
};

/// A `[section]` or, with `many`, a `[[section]]`.
struct SectionSpec {
  std::string_view name;
  bool many = false;
  std::string_view help;
};

std::span<const SectionSpec> section_table();
/// In the order they are documented. A name may occur once a group of providers.
std::span<const KeySpec> key_table();
const SectionSpec* find_section(std::string_view name) noexcept;
/// All keys of that section that an account of `provider` may have (empty: any provider).
std::vector<const KeySpec*> keys_of(std::string_view section, std::string_view provider);

/// True when the blank-separated list of `key.providers` is empty or holds `provider`.
bool belongs_to(const KeySpec& key, std::string_view provider) noexcept;

/// The two halves of the table; each is in its own file because of its size.
std::vector<KeySpec> general_keys();
std::vector<KeySpec> account_keys();

}  // namespace damsync
