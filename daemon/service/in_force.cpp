#include "daemon/service/in_force.h"

#include <utility>

#include "daemon/config/secrets.h"
#include "daemon/config/settings_review.h"
#include "daemon/config/settings_text.h"

namespace damsync {

Result<std::shared_ptr<const InForce>> InForce::load(const std::filesystem::path& file) {
  return from(load_settings(file));
}

Result<std::shared_ptr<const InForce>> InForce::load_anew(const std::filesystem::path& file) {
  LoadedSettings loaded = load_settings(file);
  if (loaded.ok()) loaded.mistakes = review_settings(loaded).mistakes;
  return from(std::move(loaded));
}

Result<std::shared_ptr<const InForce>> InForce::from(LoadedSettings loaded) {
  if (!loaded.ok()) return loaded.error();
  if (auto safe = check_secret_files(loaded.settings); !safe) return safe.error();
  auto scheduler = Scheduler::make(loaded.settings.schedule);
  if (!scheduler) return scheduler.error();
  std::string sha256 = sha256_of_settings(loaded);
  return std::shared_ptr<const InForce>(
      new InForce{std::move(loaded.settings), std::move(*scheduler), std::move(sha256)});
}

std::vector<std::string> InForce::accounts() const {
  std::vector<std::string> names;
  for (const auto& account : settings.accounts) names.push_back(account.provider.account);
  return names;
}

std::string frozen_changes(const Settings& before, const Settings& after) {
  std::string keys;
  const auto note = [&](bool same, const char* key) {
    if (!same) keys += (keys.empty() ? "" : ", ") + std::string(key);
  };
  note(before.store.root == after.store.root, "store.root");
  note(before.store.layout == after.store.layout, "store.layout");
  note(before.store.sidecars == after.store.sidecars, "store.sidecars");
  note(before.catalog.path == after.catalog.path, "catalog.path");
  return keys;
}

}  // namespace damsync
