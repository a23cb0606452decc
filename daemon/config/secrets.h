#pragma once

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/settings.h"
#include "storage/base/result.h"
#include "storage/base/secret.h"
#include "sync/providers/provider_settings.h"

namespace damsync {

/// Fetches secrets from where the settings say they are; each is known to the redactor before it is handed out.
///
/// Errors   kSettings: names the key and the path, variable or program, never the content. kCancelled: a program was
///          ended by the stop.
/// Threads  one at a time.
class SecretSource {
 public:
  explicit SecretSource(Redactor& redactor, std::stop_token stop = {}, Millis command_limit = std::chrono::seconds(10))
      : redactor_(redactor), stop_(std::move(stop)), command_limit_(command_limit) {}

  /// An empty secret for `kNone`. `what` is the key for messages: `account newsroom: access_token`.
  Result<Secret> resolve(const SecretRef& ref, const std::string& what);

  /// The same for a secret of several lines, such as a private key in PEM; line ends are kept as they are. Each line is
  /// known to the redactor, too. Never to be sent in a header.
  Result<Secret> resolve_text(const SecretRef& ref, const std::string& what);

 private:
  Result<std::string> fetch(const SecretRef& ref, const std::string& what);

  Redactor& redactor_;
  std::stop_token stop_;
  Millis command_limit_;
};

/// A secret of the settings, and where it is written.
struct NamedSecret {
  std::string section;    ///< `account`
  std::size_t index = 0;  ///< which of the sections of that name
  std::string key;        ///< `access_token`
  std::string what;       ///< for messages: `account newsroom: access_token`
  const SecretRef* ref;   ///< into the settings; `kNone` when it is not set
};
std::vector<NamedSecret> secrets_of(const Settings& settings);

/// Names to every program that is to tell a secret the variables that hold other ones: it does not get those.
void withhold_variables(Settings& settings);

/// What a look at a secret's file shows without reading it; both are empty for one that is fine, and for a secret that
/// is in no file.
struct SecretFile {
  std::string unsafe;   ///< why nothing may be taken from it
  std::string missing;  ///< why there is nothing to be looked at
};
SecretFile look_at(const SecretRef& ref);

/// Looks at the files of all secrets, credentials of systemd's included, without reading them. One that is not there is
/// the matter of whoever needs it. Errors: kSettings with every file that others can read or write, that is somebody
/// else's or no file at all, one a line.
Status check_secret_files(const Settings& settings);

/// The account with every secret in place, ready for `make_connection`.
Result<ProviderSettings> resolve_account(const AccountSettings& account, SecretSource& secrets);

}  // namespace damsync
