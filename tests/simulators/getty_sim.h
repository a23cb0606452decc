#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tests/simulators/fault_script.h"
#include "tests/simulators/getty_model.h"
#include "tests/simulators/http_server.h"

namespace damsync {

/// A Getty Images v3 API on loopback, its token endpoint and its delivery host in one: stateful, strict, and wrong on
/// request. A misspelt parameter is refused; quota is counted when a download is executed, whatever becomes of the
/// reply.
///
/// Threads  all methods lock.
/// Source   Getty Images OpenAPI 2019-05 and the service's documentation pages.
class GettySim {
 public:
  /// The virtual time at the start; it then stands still until `advance`. None: it follows the machine's clock.
  explicit GettySim(std::optional<UtcTime> start = std::nullopt) : frozen_(start) {}
  ~GettySim();

  /// Serves on 127.0.0.1; port 0 takes any free port.
  void listen(std::uint16_t port = 0);
  void stop_listening();
  [[nodiscard]] std::string base_url() const;

  /// One answer; called by the server, or by a program with a server of its own.
  SimResponse handle(const SimRequest& request);

  /// Runs `change(GettyState&)` while no request is being answered, and returns its result.
  template <class Change>
  auto edit(Change&& change) {
    const std::lock_guard lock(mutex_);
    return change(state_);
  }

  FaultScript& faults() noexcept { return faults_; }
  [[nodiscard]] GettyBooks books() const;
  void reset_books();
  [[nodiscard]] UtcTime now() const;
  void advance(Millis duration);

 private:
  /// `GET /v3/images/{id}` and the id.
  struct Route {
    std::string name;
    std::string id;
  };
  using Allowed = std::set<std::string, std::less<>>;

  static Route find_route(const SimRequest& request);
  [[nodiscard]] UtcTime now_locked() const;
  SimResponse dispatch(const SimRequest& request, const Route& route);
  SimResponse dispatch_user(const SimRequest& request, const Route& route, const std::string& username);
  [[nodiscard]] SimResponse refuse(int status, const std::string& code, const std::string& text) const;
  [[nodiscard]] SimResponse over_limit(const std::string& detail) const;
  [[nodiscard]] std::optional<SimResponse> check_params(const SimRequest& request, const Allowed& allowed) const;
  [[nodiscard]] std::optional<std::string> user_of(const SimRequest& request) const;
  std::optional<SimResponse> check_limits();
  SimResponse authorize(const SimRequest& request);
  SimResponse issue_token(const SimRequest& request);

  // getty_catalogue.cpp
  [[nodiscard]] SimResponse list_images(const SimRequest& request) const;
  [[nodiscard]] SimResponse one_image(const SimRequest& request, const std::string& id) const;
  [[nodiscard]] SimResponse related(const SimRequest& request, const Route& route) const;

  // getty_account.cpp
  [[nodiscard]] SimResponse list_downloads(const SimRequest& request, const std::string& username) const;
  [[nodiscard]] SimResponse asset_history(const SimRequest& request, const std::string& id,
                                          const std::string& username) const;
  [[nodiscard]] SimResponse list_products(const SimRequest& request) const;
  [[nodiscard]] Json download_json(const GettySimDownload& row) const;
  SimResponse execute_download(const SimRequest& request, const std::string& id, const std::string& username);
  SimResponse deliver(const SimRequest& request, const std::string& id);

  // getty_changes.cpp
  [[nodiscard]] SimResponse list_channels(const SimRequest& request) const;
  SimResponse next_change_set(const SimRequest& request);
  SimResponse confirm_change_set(const std::string& id);

  mutable std::mutex mutex_;
  GettyState state_;
  GettyBooks books_;
  FaultScript faults_;
  std::optional<UtcTime> frozen_;
  Millis offset_{0};
  std::int64_t calls_today_ = 0;
  std::chrono::sys_days today_{};
  std::unique_ptr<SimServer> server_;
};

/// JSON as the service sends it.
SimResponse getty_json(const Json& body, int status = 200);
/// One of the page sizes the service accepts.
bool is_getty_page_size(std::string_view text);

}  // namespace damsync
