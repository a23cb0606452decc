#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/result.h"
#include "storage/base/secret.h"
#include "sync/http/transport.h"

namespace damsync::getty {

using QueryParams = std::vector<std::pair<std::string, std::string>>;

/// Makes the calls: puts key and language on them, waits where the service asks for patience with a 403, and keeps an
/// eye on the service's clock. Every call but `spend` is free of charge.
///
/// Errors   those of the transport; `get` also as `read_answer`.
/// Threads  any thread.
class GettyApi {
 public:
  struct Identity {
    Url base;
    Secret api_key;
    std::string language;  ///< `Accept-Language`; empty: the service's default
  };

  /// `transport` adds the token; it and `clock` outlive this object.
  GettyApi(Identity identity, HttpTransport& transport, Clock& clock)
      : identity_(std::move(identity)), transport_(transport), clock_(clock) {}

  /// The whole JSON of a 200.
  Result<Json> get(const std::string& path, const QueryParams& params, std::stop_token stop);

  /// The answer as it came, whatever its status.
  Result<HttpResponse> call(Method method, const std::string& path, const QueryParams& params, std::stop_token stop);

  /// Posts JSON once, as a call that may use up quota: no repeat, no patience, no redirect.
  Result<HttpResponse> spend(const std::string& path, const QueryParams& params, const std::string& json,
                             std::stop_token stop);

  [[nodiscard]] UtcTime now() const { return clock_.utc(); }
  /// The service's own time, by its latest answer; ours as long as it has told none.
  [[nodiscard]] UtcTime service_time() const { return clock_.utc() + Millis(server_ahead_millis_); }
  /// The earlier of our clock and the service's, as its latest answer told it: a cursor may move up to here.
  [[nodiscard]] UtcTime earlier() const;
  /// The later of the two: reading goes up to here. More than a month apart, one is broken, and the earlier one rules.
  [[nodiscard]] UtcTime later() const;

 private:
  [[nodiscard]] HttpRequest request_for(Method method, const std::string& path, const QueryParams& params) const;
  Result<HttpResponse> send_patiently(const HttpRequest& request, std::stop_token stop);
  void learn_clock(const HttpResponse& response);

  Identity identity_;
  HttpTransport& transport_;
  Clock& clock_;
  std::atomic<std::int64_t> server_ahead_millis_{0};
};

}  // namespace damsync::getty
