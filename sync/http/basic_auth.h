#pragma once

#include <string>

#include "storage/base/secret.h"
#include "sync/http/authenticator.h"

namespace damsync {

/// A user name and password, or a client id and secret, as `Authorization: Basic …`. Nothing to renew.
///
/// Source   RFC 7617.
class BasicAuth final : public Authenticator {
 public:
  BasicAuth(std::string user, Secret password) : user_(std::move(user)), password_(std::move(password)) {}

  Status authorize(HttpRequest& request, std::stop_token stop) override;
  Result<bool> refresh(std::stop_token stop) override;

 private:
  const std::string user_;
  const Secret password_;
};

}  // namespace damsync
