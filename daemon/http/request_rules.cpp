#include "daemon/http/request_rules.h"

#include <algorithm>
#include <utility>

namespace damsync {
namespace {

std::string bracketed(const ListenAddress& address) { return address.v6 ? "[" + address.host + "]" : address.host; }

}  // namespace

RequestRules::RequestRules(const ListenAddress& address, std::vector<std::string> names) : names_(std::move(names)) {
  names_.push_back(bracketed(address));
}

bool RequestRules::is_ours(std::string_view host, const ListenAddress& local) const {
  const auto colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  if (has_port && host.substr(colon + 1) != std::to_string(local.port)) return false;
  const std::string_view name = has_port ? host.substr(0, colon) : host;
  if (name == bracketed(local) || (local.loopback && name == "localhost")) return true;
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

std::optional<WebRefusal> RequestRules::refusal(const WebRequest& request, const ListenAddress& local) const {
  if (!is_ours(request.host, local))
    return WebRefusal{421, "the Host header names somebody else; http.names lets further names pass"};
  if (const auto* origin = request.header("origin")) {
    constexpr std::string_view kScheme = "http://";
    if (!origin->starts_with(kScheme) || !is_ours(std::string_view(*origin).substr(kScheme.size()), local))
      return WebRefusal{403, "requests from the pages of other sites are not answered"};
  }
  if (const auto* site = request.header("sec-fetch-site"); site != nullptr && *site == "cross-site")
    return WebRefusal{403, "requests from the pages of other sites are not answered"};
  if (request.method != "GET" && request.method != "HEAD")
    return WebRefusal{405, "there is nothing to change here: only GET and HEAD are answered"};
  if (request.has_body) return WebRefusal{413, "a request here has no body"};
  return std::nullopt;
}

}  // namespace damsync
