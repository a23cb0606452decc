#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/listen_address.h"
#include "daemon/http/request.h"

namespace damsync {

/// Who may ask, and for what: decides by the head of a request alone. Pure.
///
/// A page of the web can make a browser on this machine send requests here, under a name of its own that leads to a
/// loopback address. So the name asked for must be one we listen on (421), and what a browser says comes from another
/// site is refused (403). Then 405 for everything but GET and HEAD, 413 for a body.
class RequestRules {
 public:
  /// `names`: further host names, in small letters and without port.
  RequestRules(const ListenAddress& address, std::vector<std::string> names);

  /// `local`: the address the connection was accepted on; tells the name where every address is listened on.
  [[nodiscard]] std::optional<WebRefusal> refusal(const WebRequest& request, const ListenAddress& local) const;

 private:
  [[nodiscard]] bool is_ours(std::string_view host, const ListenAddress& local) const;

  std::vector<std::string> names_;
};

}  // namespace damsync
