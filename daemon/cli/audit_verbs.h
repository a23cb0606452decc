#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/cli/command.h"
#include "daemon/config/settings_loader.h"

namespace damsync {

/// `audit diff A B`: two report folders, or names of reports below `audit.directory`.
Result<ExitCode> run_audit_diff(CommandContext& context, const Settings& settings, const std::string& before,
                                const std::string& after);

/// `audit verify [DIR]`: the reports of a folder against their seals, their chain and the catalog's log, and that log
/// against the catalog. Exit code 3: something is not as it was written.
Result<ExitCode> run_audit_verify(CommandContext& context, const Settings& settings, const std::string& folder,
                                  const std::vector<std::string>& key_files);

/// What `audit prune` does with reports older than `audit.keep_days`.
enum class Prune { kShow, kRemove, kRemoveDamaged };
/// Each removal is written into the catalog's log before it happens. The newest report always stays. A report that is
/// not as it was written is evidence: `kRemoveDamaged` removes it as well, otherwise nothing is removed and the exit
/// code is 3.
Result<ExitCode> run_audit_prune(CommandContext& context, const Settings& settings, const std::string& output,
                                 Prune prune);

}  // namespace damsync
