#pragma once

#include <string>

#include "daemon/config/settings.h"
#include "storage/base/result.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// That a filter's account and provider (empty: none given) are names which the settings or the catalog know: nothing
/// at all would answer to any other. `db` may be null: there is no catalog yet.
///
/// Errors   kUsage, with the names there are.
Status check_list_names(const Settings& settings, Database* db, const std::string& account,
                        const std::string& provider);

}  // namespace damsync
