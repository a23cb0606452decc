#include "sync/http/basic_auth.h"

#include "storage/base/text.h"

namespace damsync {

Status BasicAuth::authorize(HttpRequest& request, std::stop_token) {
  request.credentials.set("Authorization", "Basic " + base64(user_ + ":" + password_.reveal()));
  return {};
}

Result<bool> BasicAuth::refresh(std::stop_token) { return false; }

}  // namespace damsync
