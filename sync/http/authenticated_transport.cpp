#include "sync/http/authenticated_transport.h"

namespace damsync {

Result<HttpResponse> AuthenticatedTransport::send(const HttpRequest& request, BodySink* sink, std::stop_token stop) {
  HttpRequest authorized = request;
  if (auto added = authenticator_.authorize(authorized, stop); !added) return added.error();
  auto answer = next_.send(authorized, sink, stop);
  if (!answer || answer->status != 401 || request.effect == Effect::kSpends) return answer;

  const auto renewed = renew(request, authorized, stop);
  if (!renewed) return renewed.error();
  return *renewed ? next_.send(authorized, sink, stop) : std::move(answer);
}

/// True when `authorized` now holds other credentials than were refused.
Result<bool> AuthenticatedTransport::renew(const HttpRequest& request, HttpRequest& authorized, std::stop_token stop) {
  const auto refused = authorized.credentials.fields();
  authorized = request;
  if (auto added = authenticator_.authorize(authorized, stop); !added) return added.error();
  // Another worker may have renewed them meanwhile.
  if (authorized.credentials.fields() != refused) return true;

  auto fresh = authenticator_.refresh(stop);
  if (!fresh || !*fresh) return fresh;
  authorized = request;
  if (auto added = authenticator_.authorize(authorized, stop); !added) return added.error();
  return true;
}

}  // namespace damsync
