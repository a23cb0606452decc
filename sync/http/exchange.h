#pragma once

#include <string>

#include "sync/http/poco_transport_connection.h"
#include "sync/http/response_head.h"
#include "sync/http/transport.h"

namespace damsync {

/// One request and its answer on one connection.
///
/// Errors   as `HttpTransport::send`; a sink's own errors are passed on.
class Exchange {
 public:
  Exchange(Connection& connection, const HttpRequest& request) : connection_(connection), request_(request) {}

  /// Reads the head of the final answer; interim ones are passed over.
  Result<ResponseHead> read_head();

  /// Reads the body as its framing says, into `sink` or into `body`.
  Status read_body(const ResponseHead& head, BodySink* sink, std::string& body);

  /// Not one byte of an answer arrived.
  [[nodiscard]] bool silent() const noexcept { return silent_; }
  /// The answer is complete and its sender would take another request on the connection.
  [[nodiscard]] bool reusable() const noexcept { return reusable_; }

 private:
  class Output;

  Status fill();
  Status read_length(std::int64_t length, Output& output);
  Status read_chunks(Output& output);
  Status read_until_close(Output& output);
  Result<std::span<const char>> more(std::span<char> space);
  Error broken(std::string_view what) const;

  Connection& connection_;
  const HttpRequest& request_;
  std::string buffered_;  ///< read, not yet used
  bool silent_ = true;
  bool reusable_ = false;
};

}  // namespace damsync
