#pragma once

#include <string>

#include "daemon/config/settings.h"
#include "storage/base/result.h"
#include "storage/base/secret.h"
#include "sync/providers/provider_settings.h"

namespace damsync {

/// Fetches secrets from where the settings say they are; each is known to the redactor before it is handed out.
///
/// Errors   kSettings: names the key and the path, variable or program, never the content.
/// Threads  one at a time.
class SecretSource {
 public:
  explicit SecretSource(Redactor& redactor, Millis command_limit = std::chrono::seconds(10))
      : redactor_(redactor), command_limit_(command_limit) {}

  /// An empty secret for `kNone`. `what` is the key for messages: `account newsroom: access_token`.
  Result<Secret> resolve(const SecretRef& ref, const std::string& what);

  /// The same for a secret of several lines, such as a private key in PEM; line ends are kept as they are. Each line is
  /// known to the redactor, too. Never to be sent in a header.
  Result<Secret> resolve_text(const SecretRef& ref, const std::string& what);

 private:
  Result<std::string> fetch(const SecretRef& ref, const std::string& what);

  Redactor& redactor_;
  Millis command_limit_;
};

/// The account with every secret in place, ready for `make_connection`.
Result<ProviderSettings> resolve_account(const AccountSettings& account, SecretSource& secrets);

}  // namespace damsync
