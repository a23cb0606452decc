#include "daemon/config/settings_loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/config/raw_settings.h"
#include "daemon/config/secrets.h"
#include "daemon/config/setting_value.h"
#include "daemon/config/settings_rules.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

class Loading {
 public:
  explicit Loading(const std::filesystem::path& file) {
    out_.settings.file = file;
    raw_ = read_raw_settings(file, out_.mistakes);
    out_.files = raw_.files;
  }

  LoadedSettings finish() {
    for (const SectionSpec& spec : section_table())
      for (const RawSection& section : raw_.sections)
        if (section.spec == &spec) load_section(section);
    find_zone();
    withhold_variables(out_.settings);
    check_settings(raw_, out_.settings, out_.mistakes);
    std::stable_sort(out_.mistakes.begin(), out_.mistakes.end(), [this](const auto& a, const auto& b) {
      const auto order = [this](const std::string& file) {
        return std::find(out_.files.begin(), out_.files.end(), file) - out_.files.begin();
      };
      return std::pair(order(a.file), a.line) < std::pair(order(b.file), b.line);
    });
    return std::move(out_);
  }

 private:
  void load_section(const RawSection& section) {
    begin(section.spec->name);
    out_.effective.push_back({section.spec, {}});
    const ConfigNode* provider = section.spec->name == "account" ? section.find("provider") : nullptr;
    provider_ = provider != nullptr && is_provider(provider->text) ? provider->text : std::string();
    refuse_unknown(section);
    std::string_view done;
    for (const KeySpec* key : keys_of(section.spec->name, provider_)) {
      if (key->name == done) continue;  // without a provider, a key of several providers counts once
      done = key->name;
      const bool undecided = provider_.empty() && !key->providers.empty();
      if (!undecided || section.find(key->name) != nullptr) load_key(section, *key);
    }
  }

  /// Once, so that whoever asks for a date means the same one whatever becomes of the system's zone. A name of no zone
  /// is a mistake, see `check_settings`.
  void find_zone() {
    auto& schedule = out_.settings.schedule;
    if (const auto zone = TimeZone::find(schedule.time_zone)) schedule.zone = *zone;
  }

  static bool is_provider(const std::string& word) {
    return word == "shutterstock" || word == "getty" || word == "getty-connect";
  }

  /// Makes the struct that the keys of a `[[section]]` are applied to.
  void begin(std::string_view section) {
    if (section == "account") out_.settings.accounts.emplace_back();
    if (section == "agreement") out_.settings.agreements.emplace_back();
    if (section == "webhook") out_.settings.webhooks.emplace_back();
    if (section == "command") out_.settings.commands.emplace_back();
  }

  void refuse_unknown(const RawSection& section) {
    const auto known = keys_of(section.spec->name, provider_);
    for (const auto& [name, node] : section.keys) {
      const auto same = [&, &wanted = name](const KeySpec* key) { return key->name == wanted; };
      if (std::none_of(known.begin(), known.end(), same))
        out_.mistakes.push_back(section.mistake(name, why_unknown(section, name, known)));
    }
  }

  std::string why_unknown(const RawSection& section, const std::string& name,
                          const std::vector<const KeySpec*>& known) {
    for (const KeySpec& key : key_table())
      if (key.section == section.spec->name && key.name == name)
        return fmt::format("does not belong to provider {}; it is a key of {}", printable(provider_), key.providers);
    for (const KeySpec& key : key_table())
      if (key.name == name) return fmt::format("unknown key here; it belongs to [{}]", key.section);
    std::vector<std::string_view> names;
    for (const KeySpec* key : known) names.push_back(key->name);
    const auto meant = nearest(name, names);
    return meant.empty() ? "unknown key" : fmt::format("unknown key; nearest known key: {}", meant);
  }

  void load_key(const RawSection& section, const KeySpec& key) {
    if (const ConfigNode* node = section.find(key.name)) {
      apply(section, key, *node, fmt::format("{}:{}", node->file, node->line));
    } else if (key.required) {
      out_.mistakes.push_back(section.mistake(key.name, "is missing; expected " + expected(key)));
    } else if (!key.fallback.empty()) {
      const ConfigNode document = parse_toml(fmt::format("value = {}", key.fallback), "default", out_.mistakes);
      apply(section, key, *document.find("value"), "default");
    } else {
      out_.effective.back().settings.push_back({&key, "", "default"});
    }
  }

  void apply(const RawSection& section, const KeySpec& key, const ConfigNode& node, const std::string& origin) {
    const auto value = parse_setting(key, node);
    if (!value) {
      out_.mistakes.push_back(section.mistake(key.name, value.error().message));
      return;
    }
    const auto& open = raw_.readable_by_others;
    if (value->secret.kind == SecretRef::Kind::kPlain && std::find(open.begin(), open.end(), node.file) != open.end()) {
      out_.mistakes.push_back(section.mistake(
          key.name,
          "a plain secret in a file that others can read; chmod 600 the file, or keep the secret elsewhere: "
          "{ file = ... }, { credential = ... }, { env = ... }, { command = [...] }"));
      return;
    }
    key.apply(out_.settings, *value);
    out_.effective.back().settings.push_back({&key, masked_toml(key, node), origin});
  }

  LoadedSettings out_;
  RawSettings raw_;
  std::string provider_;
};

}  // namespace

Error LoadedSettings::error() const {
  std::string text = mistakes.size() == 1 ? "the settings have a mistake:"
                                          : fmt::format("the settings have {} mistakes:", mistakes.size());
  for (const auto& mistake : mistakes) text += "\n  " + mistake.text();
  return make_error(ErrorCode::kSettings, text);
}

LoadedSettings load_settings(const std::filesystem::path& file) { return Loading(file).finish(); }

}  // namespace damsync
