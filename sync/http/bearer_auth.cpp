#include "sync/http/bearer_auth.h"

namespace damsync {

Status BearerAuth::authorize(HttpRequest& request, std::stop_token) {
  request.credentials.set("Authorization", "Bearer " + token_.reveal());
  return {};
}

Result<bool> BearerAuth::refresh(std::stop_token) { return false; }

}  // namespace damsync
