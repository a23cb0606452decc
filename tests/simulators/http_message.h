#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/json.h"

namespace damsync {

using SimHeaders = std::vector<std::pair<std::string, std::string>>;

/// One request as a simulator sees it: percent-decoded query, headers in the order they came.
struct SimRequest {
  std::string method;
  std::string target;  ///< as in the request line
  std::string path;    ///< percent-decoded
  std::string body;
  std::vector<std::pair<std::string, std::string>> query;
  SimHeaders headers;
  bool well_formed_target = true;  ///< false: a broken percent escape

  /// The value of a header (names ignore case), or null.
  [[nodiscard]] const std::string* header(std::string_view name) const noexcept;
  /// The first value of a query parameter.
  [[nodiscard]] std::optional<std::string> param(std::string_view name) const;
  /// Scheme, host and port by which the client came.
  [[nodiscard]] std::string base() const;
  /// All values of a repeated query parameter.
  [[nodiscard]] std::vector<std::string> params(std::string_view name) const;
};

/// Holds answers back until a test says so, and tells the test when a request has arrived.
///
/// Threads  shared by the test and the server's connections.
class SimGate {
 public:
  void release();
  /// Waits until a request stands at the gate; false after `limit`.
  bool wait_for_arrival(Millis limit);
  /// For the server: waits for `release` at most `slice`; true once released.
  bool wait(Millis slice);
  /// For the server: a request has come.
  void arrive();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  bool arrived_ = false;
};

/// How one answer departs from good manners.
struct SimMisbehaviour {
  std::optional<std::size_t> cut_after;        ///< close after that many bytes of the body
  std::optional<std::string> declared_length;  ///< the text of Content-Length, right or wrong
  std::optional<std::string> raw;              ///< sent as it is instead of everything else, then closed
  bool no_length = false;                      ///< no Content-Length: the body ends with the connection
  bool reset = false;                          ///< end with RST; with `cut_after` after that many bytes, else at once
  bool close = false;                          ///< close after a complete answer, without saying so
  Millis delay{0};                             ///< before the first byte
  std::size_t drip_bytes = 0;                  ///< not 0: send the body in pieces of that size ...
  Millis drip_pause{0};                        ///< ... with this pause after each
  std::shared_ptr<SimGate> gate;               ///< wait for its release before the first byte
};

/// One answer. The body is `body` followed by `tail`; `skip` and `take` cut a range out of both.
struct SimResponse {
  int status = 200;
  SimHeaders headers;
  std::string body;
  std::shared_ptr<const std::string> tail;  ///< large bytes shared between answers, never copied
  std::size_t skip = 0;
  std::optional<std::size_t> take;
  SimMisbehaviour bad;

  /// Bytes of the body after `skip` and `take`.
  [[nodiscard]] std::size_t body_size() const noexcept;
  /// Sets or replaces a header.
  void set_header(std::string_view name, std::string value);
  /// Replaces the whole body.
  void set_body(std::string bytes, std::string content_type);
};

/// Parses a request line with its header lines (up to and without the empty line). Nothing when it is no HTTP/1
/// request.
std::optional<SimRequest> parse_request_head(std::string_view head);

/// The status line and header lines of an answer with the empty line at their end.
std::string write_response_head(const SimResponse& response);

/// An answer of JSON.
SimResponse json_response(const Json& body, int status, std::string content_type);
/// The parts of a path between its slashes.
std::vector<std::string> path_segments(std::string_view path);

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string format_http_date(UtcTime time);

/// Decodes percent escapes; nothing when one is broken.
std::optional<std::string> decode_percent(std::string_view text);

/// Splits `a=1&b=2`, a `+` being a blank; broken escapes stay as they are and clear `well_formed`.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text, bool& well_formed);

/// Decodes base64 in either alphabet, with or without padding; nothing when it is none.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace damsync
