#pragma once

#include <stop_token>

#include "storage/base/result.h"
#include "sync/http/transport.h"

namespace damsync {

/// Puts an account's credentials on a request and renews them when they can be renewed.
///
/// Threads  shared by every worker of the account.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  /// Adds the headers to `request.credentials`; fetches a token first when there is none yet.
  virtual Status authorize(HttpRequest& request, std::stop_token stop) = 0;

  /// After a 401: true when new credentials were obtained (the call may be repeated once), false when there is nothing
  /// to renew.
  virtual Result<bool> refresh(std::stop_token stop) = 0;
};

}  // namespace damsync
