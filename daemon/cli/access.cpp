#include "daemon/cli/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "storage/base/text.h"

namespace damsync {

Result<LoadedSettings> load_settings_for(const CommandContext& context) {
  LoadedSettings loaded = load_settings(context.options.config);
  if (!loaded.ok()) return loaded.error();
  return loaded;
}

Result<std::unique_ptr<Database>> open_catalog(const Settings& settings) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(settings.catalog.path, error);
  if (status.type() == std::filesystem::file_type::not_found) return std::unique_ptr<Database>();
  return Database::open(settings.catalog.path, OpenMode::kRead);
}

Status check_account(const Settings& settings, const std::string& name) {
  std::string known;
  for (const auto& account : settings.accounts) {
    if (account.provider.account == name) return {};
    known += (known.empty() ? "" : ", ") + account.provider.account;
  }
  return make_error(ErrorCode::kUsage, fmt::format("no account is called '{}'; there is {}", printable(name), known));
}

}  // namespace damsync
