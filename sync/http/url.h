#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/result.h"

namespace damsync {

/// An absolute http or https URL, checked when parsed; immutable.
///
/// Refused: other schemes, user info, backslash, control and non-ASCII characters, percent or numeric
/// hosts other than plain dotted IPv4 and bracketed IPv6, empty hosts, ports outside 1–65535.
class Url {
 public:
  Url() = default;
  static Result<Url> parse(std::string_view text);
  /// Resolves a `Location` or a relative reference against this URL (RFC 3986 §5), with the same checks.
  [[nodiscard]] Result<Url> resolve(std::string_view reference) const;

  [[nodiscard]] const std::string& scheme() const noexcept { return scheme_; }
  [[nodiscard]] const std::string& host() const noexcept {
    return host_;
  }  ///< lower case, no brackets, no trailing dot
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// `https://host:443`: what credentials belong to.
  [[nodiscard]] std::string origin() const;
  /// Path and query as sent in the request line; starts with `/`.
  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  [[nodiscard]] bool secure() const noexcept { return scheme_ == "https"; }

  /// The URL with another target (`/path?query`), e.g. `base.with_target("/v2/images")`. Appended to the base's own
  /// path prefix when it has one.
  [[nodiscard]] Url with_target(std::string_view target) const;

  /// For logs and messages: scheme, host, port and path, never the query.
  [[nodiscard]] std::string display() const;
  [[nodiscard]] std::string text() const;

 private:
  std::string scheme_;
  std::string host_;
  std::string target_;
  std::uint16_t port_ = 0;
};

/// Builds `a=1&b=two%20words` with percent-encoded values, in order; names may repeat.
std::string make_query(const std::vector<std::pair<std::string, std::string>>& params);

}  // namespace damsync
