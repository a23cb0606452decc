#include "daemon/config/settings_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "storage/base/digest.h"

namespace damsync {
namespace {

constexpr std::size_t kCommentColumn = 58;

constexpr const char* kPreamble =
    "# Settings of damsync. Files in conf.d/ beside this one are read after it, in name order; later wins.\n"
    "# What is commented out shows the default, or an example where there is none.\n"
    "#\n"
    "# Durations are text with a unit (\"15m\", \"5h\"), sizes likewise (\"5GiB\").\n"
    "# A secret is { file = \"/path\" } (readable by nobody beyond its group), { credential = \"name\" } (systemd),\n"
    "# { env = \"NAME\" } or { command = [\"program\", \"argument\"] }.\n"
    "# `damsync config check` reports every mistake at once.\n";

/// The keys that the example leaves switched on: the least that works.
bool is_essential(const KeySpec& key, std::string_view provider) {
  return key.section == "account" && provider == "shutterstock" &&
         (key.name == "name" || key.name == "provider" || key.name == "access_token" || key.name == "team_history");
}

std::string range_of(const KeySpec& key) {
  if (!key.min.empty() && !key.max.empty()) return fmt::format(" ({} to {})", key.min, key.max);
  return key.min.empty() ? "" : fmt::format(" (at least {})", key.min);
}

std::string line_of(const KeySpec& key, std::string_view provider, std::size_t width) {
  std::string value(key.example.empty() ? key.fallback : key.example);
  if (key.section == "account" && key.name == "name" && provider != "shutterstock")
    value = provider == "getty" ? "\"photo-desk\"" : "\"archive\"";
  if (key.section == "account" && key.name == "provider") value = fmt::format("\"{}\"", provider);
  std::string line = is_essential(key, provider) ? "" : "# ";
  line += fmt::format("{:<{}} = {}", key.name, width, value);
  if (line.size() < kCommentColumn) line.append(kCommentColumn - line.size(), ' ');
  std::string note = std::string(key.help) + range_of(key);
  if (key.fallback.size() > 0 && !key.example.empty()) note += fmt::format("; default: {}", key.fallback);
  return fmt::format("{}  # {}\n", line, note);
}

std::string section_of(const SectionSpec& section, std::string_view provider) {
  const auto keys = keys_of(section.name, provider);
  std::size_t width = 0;
  for (const KeySpec* key : keys) width = std::max(width, key->name.size());
  const bool live = !section.many || provider == "shutterstock";
  std::string out =
      fmt::format("\n{}{}{}{}\n", live ? "" : "# ", section.many ? "[[" : "[", section.name, section.many ? "]]" : "]");
  for (const KeySpec* key : keys) out += line_of(*key, provider, width);
  return out;
}

Json value_json(const EffectiveSetting& setting) { return setting.toml.empty() ? Json() : Json(setting.toml); }

/// An object with a member a section, a list for `[[section]]`s; `show` makes the value of each key.
template <class Show>
Json sections_json(const LoadedSettings& loaded, const Show& show) {
  Json out = Json::object();
  for (const EffectiveSection& section : loaded.effective) {
    Json values = Json::object();
    for (const EffectiveSetting& setting : section.settings) values.set(setting.key->name, show(setting));
    if (!section.section->many) {
      out.set(section.section->name, std::move(values));
      continue;
    }
    Json list = out.find(section.section->name) == nullptr ? Json::array() : *out.find(section.section->name);
    out.set(section.section->name, list.push(std::move(values)));
  }
  return out;
}

}  // namespace

std::string example_settings() {
  std::string out = kPreamble;
  for (const SectionSpec& section : section_table()) {
    out += fmt::format("\n# {}", section.help);
    if (section.name != "account") {
      out += section_of(section, "");
      continue;
    }
    for (const std::string_view provider : {"shutterstock", "getty", "getty-connect"})
      out += section_of(section, provider);
  }
  return out;
}

std::string effective_text(const LoadedSettings& loaded) {
  std::string out;
  for (const EffectiveSection& section : loaded.effective) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{}{}{}\n", section.section->many ? "[[" : "[", section.section->name,
                       section.section->many ? "]]" : "]");
    for (const EffectiveSetting& setting : section.settings)
      if (!setting.toml.empty()) out += fmt::format("{} = {}  # {}\n", setting.key->name, setting.toml, setting.origin);
  }
  return out;
}

Json effective_json(const LoadedSettings& loaded) {
  return sections_json(loaded, [](const EffectiveSetting& setting) {
    return Json::object({{"value", value_json(setting)}, {"origin", setting.origin}});
  });
}

std::string sha256_of_settings(const LoadedSettings& loaded) {
  return sha256_hex(write_json(sections_json(loaded, value_json), JsonStyle::kCanonical));
}

}  // namespace damsync
