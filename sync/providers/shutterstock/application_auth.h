#pragma once

#include <atomic>
#include <string>

#include "storage/base/secret.h"
#include "sync/http/authenticator.h"
#include "sync/http/basic_auth.h"

namespace damsync::shutterstock {

/// Basic credentials of the application for calls that need no user; when the service refuses them (not every
/// application may use them), the user's credentials from then on.
///
/// Threads  any thread. `user` outlives it.
class ApplicationAuth final : public Authenticator {
 public:
  ApplicationAuth(std::string client_id, Secret client_secret, Authenticator& user)
      : basic_(std::move(client_id), std::move(client_secret)), user_(user) {}

  Status authorize(HttpRequest& request, std::stop_token stop) override {
    return refused_ ? user_.authorize(request, std::move(stop)) : basic_.authorize(request, std::move(stop));
  }

  Result<bool> refresh(std::stop_token stop) override {
    if (!refused_.exchange(true)) return true;
    return user_.refresh(std::move(stop));
  }

 private:
  BasicAuth basic_;
  Authenticator& user_;
  std::atomic<bool> refused_{false};
};

}  // namespace damsync::shutterstock
