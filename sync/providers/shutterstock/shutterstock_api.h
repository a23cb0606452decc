#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/result.h"
#include "sync/http/transport.h"
#include "sync/providers/shutterstock/provider_clock.h"

namespace damsync::shutterstock {

using QueryParams = std::vector<std::pair<std::string, std::string>>;

/// Makes the calls: builds requests, sends them, reads the answers' JSON and the service's clock. Every call here is
/// free of charge; the one that buys licenses has no code.
///
/// Errors   as `read_answer`, and those of the transport.
/// Threads  any thread.
class ShutterstockApi {
 public:
  ShutterstockApi(Url base, HttpTransport& transport, const Clock& clock)
      : base_(std::move(base)), transport_(transport), clock_(clock) {}

  /// `path` with `params`; the whole JSON of a 200.
  Result<Json> get(const std::string& path, const QueryParams& params, std::stop_token stop);

  /// The answer as it came, whatever its status; `etag`, unless empty, makes the call conditional.
  Result<HttpResponse> get_if_changed(const std::string& path, const QueryParams& params, const std::string& etag,
                                      std::stop_token stop);

  /// A free call that is a POST: asks for the URL of a file that is already licensed.
  Result<HttpResponse> post_free(const std::string& path, const Json& body, std::stop_token stop);

  /// Our clock now, and the service's as the latest answer told it.
  [[nodiscard]] Clocks clocks() const;

 private:
  Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop);

  Url base_;
  HttpTransport& transport_;
  const Clock& clock_;
  std::atomic<std::int64_t> server_ahead_millis_{0};
  std::atomic<bool> server_known_{false};
};

}  // namespace damsync::shutterstock
