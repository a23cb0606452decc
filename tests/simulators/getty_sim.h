#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/simulators/getty_model.h"
#include "tests/simulators/getty_params.h"
#include "tests/simulators/sim_core.h"

namespace damsync {

/// A Getty Images v3 API on loopback, its token endpoint and its delivery host in one: stateful, strict, and wrong on
/// request. A misspelt parameter is refused; quota is counted when a download is executed, whatever becomes of the
/// reply.
///
/// Threads  all methods lock.
/// Source   Getty Images OpenAPI 2019-05 and the service's documentation pages.
class GettySim final : public StatefulSim<GettyState> {
 public:
  explicit GettySim(std::optional<UtcTime> start = std::nullopt) : StatefulSim(start) {}
  ~GettySim() override { stop_listening(); }

 private:
  [[nodiscard]] Route route_of(const SimRequest& request) const override;
  void finish(const SimRequest& request, const Route& route, SimResponse& response) override;
  SimResponse dispatch(const SimRequest& request, const Route& route) override;
  SimResponse dispatch_user(const SimRequest& request, const Route& route, const std::string& username);
  [[nodiscard]] SimResponse refuse(int status, const std::string& code, const std::string& text) const;
  [[nodiscard]] SimResponse over_limit(const std::string& detail) const;
  [[nodiscard]] std::optional<SimResponse> check_params(const SimRequest& request, const GettyParams& allowed) const;
  [[nodiscard]] std::optional<std::string> user_of(const SimRequest& request) const;
  std::optional<SimResponse> check_limits();
  SimResponse authorize(const SimRequest& request);
  SimResponse issue_token(const SimRequest& request);

  // getty_catalogue.cpp
  [[nodiscard]] std::optional<SimResponse> check_fields(const SimRequest& request,
                                                        const std::vector<std::string>& fields) const;
  [[nodiscard]] SimResponse list_images(const SimRequest& request) const;
  [[nodiscard]] SimResponse one_image(const SimRequest& request, const std::string& id) const;
  [[nodiscard]] SimResponse related(const SimRequest& request, const Route& route) const;

  // getty_account.cpp
  [[nodiscard]] SimResponse list_downloads(const SimRequest& request, const std::string& username) const;
  [[nodiscard]] SimResponse asset_history(const SimRequest& request, const std::string& id,
                                          const std::string& username) const;
  [[nodiscard]] SimResponse list_products(const SimRequest& request) const;
  [[nodiscard]] Json download_json(const GettySimDownload& row) const;
  /// What a call for a file asks for, checked; else the refusal.
  struct Order {
    GettySimProduct* product = nullptr;
    GettySimSize size;
    std::string notes, project_code;
  };
  [[nodiscard]] std::variant<Order, SimResponse> read_order(const SimRequest& request, const GettySimImage& image);
  [[nodiscard]] GettySimProduct* paying_product(const SimRequest& request);
  SimResponse execute_download(const SimRequest& request, const std::string& id, const std::string& username);
  SimResponse deliver(const SimRequest& request, const std::string& id);

  // getty_changes.cpp
  [[nodiscard]] SimResponse list_channels(const SimRequest& request) const;
  SimResponse next_change_set(const SimRequest& request);
  SimResponse confirm_change_set(const std::string& id);

  std::int64_t calls_today_ = 0;
  std::chrono::sys_days today_{};
  std::int64_t issued_ = 0;  ///< numbers tokens and codes
};

/// JSON as the service sends it.
SimResponse getty_json(const Json& body, int status = 200);
/// One of the page sizes the service accepts.
bool is_getty_page_size(std::string_view text);

}  // namespace damsync
