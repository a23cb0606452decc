#pragma once

#include "storage/base/secret.h"
#include "sync/http/authenticator.h"

namespace damsync {

/// A fixed token as `Authorization: Bearer …`. Nothing to renew.
class BearerAuth final : public Authenticator {
 public:
  explicit BearerAuth(Secret token) : token_(std::move(token)) {}

  Status authorize(HttpRequest& request, std::stop_token stop) override;
  Result<bool> refresh(std::stop_token stop) override;

 private:
  const Secret token_;
};

}  // namespace damsync
