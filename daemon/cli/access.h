#pragma once

#include <memory>

#include "daemon/cli/command.h"
#include "daemon/config/settings_loader.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// The settings the command line names. Errors: kSettings with every mistake, one a line.
Result<LoadedSettings> load_settings_for(const CommandContext& context);

/// The catalog, read-only; nothing when there is none yet.
Result<std::unique_ptr<Database>> open_catalog(const Settings& settings);

/// True for accounts that the settings name. Errors: kUsage, naming those that exist.
Status check_account(const Settings& settings, const std::string& name);

}  // namespace damsync
