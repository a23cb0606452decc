#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace damsync {

/// A request to the local endpoints, as it was read.
struct WebRequest {
  std::string method;
  std::string path;   ///< as sent, percent-encoding and all
  std::string query;  ///< as sent, without the question mark
  std::string host;   ///< whom the sender believes to speak to, in small letters, perhaps with a port
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in small letters
  bool has_body = false;

  /// The first header of that name (small letters), or null.
  [[nodiscard]] const std::string* header(std::string_view name) const noexcept;
};

/// Why a request is not answered: a status and one line for a person.
struct WebRefusal {
  int status = 400;
  std::string why;
};

/// Reads one request from pieces of any length, and says no as early as its bytes allow.
///
/// Errors   400 what is no HTTP/1.x request, is ambiguous about its length or its host; 414, 431 too long; 505.
/// Threads  one thread.
/// Source   RFC 9112, read strictly: lines end in CRLF, no folded headers, no blank before a colon.
class RequestReader {
 public:
  static constexpr std::size_t kMaxTarget = 8 * 1024;
  static constexpr std::size_t kMaxHeaderBytes = 16 * 1024;
  static constexpr std::size_t kMaxHeaders = 100;

  enum class State { kMore, kDone, kRefused };

  /// What follows a complete request is dropped: one request a connection.
  State feed(std::string_view bytes);
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const WebRequest& request() const noexcept { return request_; }
  [[nodiscard]] const WebRefusal& refusal() const noexcept { return refusal_; }

 private:
  State refuse(int status, std::string_view why);
  State check_open_line();
  State take_line(std::string_view line);
  State take_request_line(std::string_view line);
  State take_target(std::string_view target);
  State take_header(std::string_view line);
  State finish();

  State state_ = State::kMore;
  WebRequest request_;
  WebRefusal refusal_;
  std::string line_;  ///< the line that has not ended yet
  bool in_headers_ = false;
  std::size_t header_bytes_ = 0;
};

/// Decodes `%41`. Nothing when an escape is broken.
std::optional<std::string> percent_decode(std::string_view text);

/// `a=1&b=2`, decoded. Nothing when an escape is broken or a name stands there twice.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace damsync
