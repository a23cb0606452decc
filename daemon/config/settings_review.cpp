#include "daemon/config/settings_review.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "daemon/config/secrets.h"
#include "storage/base/text.h"
#include "sync/deliver/webhook_signature.h"

namespace damsync {
namespace {

/// A key of the `index`th section of that name.
struct KeyPlace {
  std::string_view section;
  std::size_t index = 0;
  std::string_view key;
};

std::string origin_of(const LoadedSettings& loaded, const KeyPlace& place) {
  std::size_t index = 0;
  for (const auto& section : loaded.effective) {
    if (section.section->name != place.section || index++ != place.index) continue;
    for (const auto& setting : section.settings)
      if (setting.key->name == place.key) return setting.origin;
  }
  return "";
}

SettingsMistake mistake_at(const LoadedSettings& loaded, const KeyPlace& place, std::string problem) {
  SettingsMistake out{loaded.settings.file.string(), 0, fmt::format("{}.{}", place.section, place.key),
                      std::move(problem)};
  const std::string origin = origin_of(loaded, place);
  const auto colon = origin.rfind(':');
  if (colon == std::string::npos) return out;
  out.file = origin.substr(0, colon);
  std::from_chars(origin.data() + colon + 1, origin.data() + origin.size(), out.line);
  return out;
}

bool is_there(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 || errno != ENOENT;
}

std::string not_there(const std::string& path) { return fmt::format("{} is not there yet", printable(path)); }

/// Why a file that settings name is of no use; empty: it can be read.
std::string why_unreadable(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return fmt::format("cannot look at {}: {}", printable(path), std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return printable(path) + " is not a regular file";
  if (::access(path.c_str(), R_OK) != 0)
    return fmt::format("cannot read {}: {}", printable(path), std::strerror(errno));
  return "";
}

class FileReview {
 public:
  explicit FileReview(const LoadedSettings& loaded) : loaded_(loaded) {}

  SettingsReview run() {
    const Settings& settings = loaded_.settings;
    for (const auto& secret : secrets_of(settings)) look_at_secret(secret);
    for (std::size_t i = 0; i < settings.accounts.size(); ++i) {
      look_at_file({"account", i, "assets_file"}, settings.accounts[i].provider.assets_file);
      look_at_file({"account", i, "ca_file"}, settings.accounts[i].provider.ca_file);
    }
    for (std::size_t i = 0; i < settings.agreements.size(); ++i)
      look_at_file({"agreement", i, "terms_file"}, settings.agreements[i].terms_file);
    for (std::size_t i = 0; i < settings.webhooks.size(); ++i)
      look_at_file({"webhook", i, "ca_file"}, settings.webhooks[i].ca_file);
    for (std::size_t i = 0; i < settings.accounts.size(); ++i)
      if (settings.accounts[i].may_consume && settings.accounts[i].budget_per_day <= 0)
        warn({"account", i, "may_consume"},
             "is \"once\" while budget_per_day is 0: what uses up quota will never be fetched");
    return std::move(found_);
  }

 private:
  void look_at_secret(const NamedSecret& secret) {
    const KeyPlace place{secret.section, secret.index, secret.key};
    const SecretRef& ref = *secret.ref;
    if (secret.key == "refresh_token" && ref.kind != SecretRef::Kind::kNone && ref.kind != SecretRef::Kind::kFile)
      warn(place, "is not a file: a new token, with which providers replace it, cannot be kept; use { file = ... }");
    if (ref.kind == SecretRef::Kind::kPlain && secret.section == "webhook")
      if (const auto key = webhook_key(ref.plain); !key) fail(place, key.error().message);
    const auto file = look_at(ref);
    if (!file.unsafe.empty()) fail(place, printable(file.unsafe));
    if (file.missing.empty() || ref.kind != SecretRef::Kind::kFile) return;
    if (is_there(ref.name))
      fail(place, printable(file.missing));
    else if (secret.key != "refresh_token")  // which `auth login` makes
      warn(place, not_there(ref.name));
  }

  void look_at_file(const KeyPlace& place, const std::filesystem::path& path) {
    if (path.empty()) return;
    if (!is_there(path.string())) return warn(place, not_there(path.string()));
    if (auto why = why_unreadable(path.string()); !why.empty()) fail(place, std::move(why));
  }

  void fail(const KeyPlace& place, std::string problem) {
    found_.mistakes.push_back(mistake_at(loaded_, place, std::move(problem)));
  }
  void warn(const KeyPlace& place, std::string problem) {
    found_.warnings.push_back(mistake_at(loaded_, place, std::move(problem)));
  }

  const LoadedSettings& loaded_;
  SettingsReview found_;
};

}  // namespace

SettingsReview review_settings(const LoadedSettings& loaded) { return FileReview(loaded).run(); }

}  // namespace damsync
