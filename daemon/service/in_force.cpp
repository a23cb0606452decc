#include "daemon/service/in_force.h"

#include <utility>

#include "daemon/config/settings_loader.h"

namespace damsync {

Result<std::shared_ptr<const InForce>> InForce::make(Settings settings) {
  auto scheduler = Scheduler::make(settings.schedule);
  if (!scheduler) return scheduler.error();
  return std::shared_ptr<const InForce>(new InForce{std::move(settings), std::move(*scheduler)});
}

Result<std::shared_ptr<const InForce>> InForce::load(const std::filesystem::path& file) {
  LoadedSettings loaded = load_settings(file);
  if (!loaded.ok()) return loaded.error();
  return make(std::move(loaded.settings));
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
