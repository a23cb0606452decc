#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/result.h"

namespace damsync {

/// Where a server of ours listens.
struct ListenAddress {
  std::string host;  ///< numeric, as the system writes it, without brackets
  std::uint16_t port = 0;
  bool v6 = false;
  bool loopback = false;

  /// `127.0.0.1:9187`, `[::1]:9187`.
  [[nodiscard]] std::string text() const;
};

/// Reads `127.0.0.1:9187`, `[::1]:9187` or `localhost:9187` (which is 127.0.0.1). Other names are refused: what they
/// lead to may change while we listen.
///
/// Errors   kSettings, with what is expected.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace damsync
