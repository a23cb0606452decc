#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/exit_code.h"
#include "storage/base/json.h"
#include "storage/base/secret.h"
#include "sync/providers/account_access.h"

namespace damsync {

/// What `auth` tells of one account.
struct AccessView {
  struct StoredToken {
    std::string key;
    std::string file;
  };
  std::string account;
  std::string provider;
  std::vector<StoredToken> stored;  ///< files that a log-in wrote
  std::optional<AccessReport> report;
  std::optional<Error> error;
};

/// A few lines for a person. A provider's words may quote what it was sent, so the redactor sees them.
std::string text_of(const AccessView& view, const Redactor& redactor);
Json json_of(const AccessView& view, const Redactor& redactor);

/// 77 when the credentials are refused or a scope is missing.
ExitCode exit_code_of(const AccessView& view) noexcept;

}  // namespace damsync
