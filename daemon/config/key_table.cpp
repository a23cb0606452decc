#include "daemon/config/key_table.h"

#include <algorithm>
#include <array>

namespace damsync {
namespace {

constexpr std::array kSections = {
    SectionSpec{"store", false, "Where the files go."},
    SectionSpec{"catalog", false, "The SQLite database that knows everything else."},
    SectionSpec{"schedule", false, "When the daemon works."},
    SectionSpec{"audit", false, "The nightly report on all licenses."},
    SectionSpec{"http", false, "Health, metrics and the change feed for programs on this machine."},
    SectionSpec{"limits", false, "Brakes."},
    SectionSpec{"rights", false, "What the sidecars of every image say besides what the provider tells."},
    SectionSpec{"account", true, "One login at one provider; as many as needed."},
    SectionSpec{"agreement", true, "Dates and terms that no provider's interface tells."},
    SectionSpec{"webhook", true, "A receiver of signed events."},
    SectionSpec{"command", true, "A local program that is given each event on its standard input."},
};

std::vector<KeySpec> all_keys() {
  std::vector<KeySpec> keys = general_keys();
  const auto accounts = account_keys();
  const auto after_limits =
      std::find_if(keys.begin(), keys.end(), [](const auto& k) { return k.section == "agreement"; });
  keys.insert(after_limits, accounts.begin(), accounts.end());
  return keys;
}

}  // namespace

std::span<const SectionSpec> section_table() { return kSections; }

std::span<const KeySpec> key_table() {
  static const std::vector<KeySpec> kKeys = all_keys();
  return kKeys;
}

const SectionSpec* find_section(std::string_view name) noexcept {
  const auto* found = std::find_if(kSections.begin(), kSections.end(), [&](const auto& s) { return s.name == name; });
  return found == kSections.end() ? nullptr : found;
}

bool belongs_to(const KeySpec& key, std::string_view provider) noexcept {
  if (key.providers.empty() || provider.empty()) return true;
  std::string_view rest = key.providers;
  while (!rest.empty()) {
    const auto blank = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, blank) == provider) return true;
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
  return false;
}

std::vector<const KeySpec*> keys_of(std::string_view section, std::string_view provider) {
  std::vector<const KeySpec*> keys;
  for (const KeySpec& key : key_table())
    if (key.section == section && belongs_to(key, provider)) keys.push_back(&key);
  return keys;
}

}  // namespace damsync
