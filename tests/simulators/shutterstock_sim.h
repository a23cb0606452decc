#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/simulators/media_bytes.h"
#include "tests/simulators/shutterstock_state.h"
#include "tests/simulators/sim_core.h"

namespace damsync {

/// A Shutterstock v2 API on loopback: stateful, strict, and wrong on request.
///
/// It refuses what the real service refuses, keeps books on everything it was asked, and answers from one state that
/// tests and people may change at any time. What it cannot do: search, buy, upload.
///
/// Threads  all methods lock.
/// Source   Shutterstock OpenAPI 1.0.30 and its documentation pages.
class ShutterstockSim final : public StatefulSim<ShutterstockState> {
 public:
  struct Options {
    std::optional<UtcTime> start;  ///< see SimCore
  };

  ShutterstockSim() : StatefulSim(std::nullopt) {}
  explicit ShutterstockSim(const Options& options) : StatefulSim(options.start) {}
  ~ShutterstockSim() override { stop_listening(); }

  /// A signed URL as a redownload would give it. `base` is scheme, host and port.
  std::string file_url(const std::string& base, const std::string& image_id, const std::string& size) const;

 private:
  /// Who asks: the token's data, or a registered client by Basic authentication.
  struct Caller {
    const SimToken* token = nullptr;
    bool known_client = false;
  };

  [[nodiscard]] Route route_of(const SimRequest& request) const override;
  SimResponse dispatch(const SimRequest& request, const Route& route) override;
  void finish(const SimRequest& request, const Route& route, SimResponse& response) override;
  SimResponse dispatch_bearer(const SimRequest& request, const Route& route, const SimToken& token);
  [[nodiscard]] Caller authenticate(const SimRequest& request) const;
  void add_headers(const SimRequest& request, const Route& route, SimResponse& response) const;

  // shutterstock_catalogue.cpp
  SimResponse list_images(const SimRequest& request);
  SimResponse one_image(const SimRequest& request, const std::string& id);
  SimResponse list_updated(const SimRequest& request);
  SimResponse list_categories();

  // shutterstock_account.cpp
  SimResponse list_licenses(const SimRequest& request, const SimToken& token);
  SimResponse redownload(const SimRequest& request, const std::string& license_id);
  SimResponse list_subscriptions();
  SimResponse list_collections(const SimRequest& request);
  SimResponse one_collection(const SimRequest& request, const std::vector<SimCollection>& all, const std::string& id);
  SimResponse list_collection_items(const SimRequest& request, const std::vector<SimCollection>& all,
                                    const std::string& id);

  // shutterstock_oauth.cpp
  SimResponse show_user(const SimToken& token);
  SimResponse show_token(const SimToken& token);
  SimResponse authorize(const SimRequest& request);
  SimResponse issue_token(const SimRequest& request);
  SimResponse renew_token(const std::string& refresh);
  SimResponse redeem_code(const std::string& client, const std::string& code, const std::string& expires);
  SimResponse token_answer(SimToken token, std::string_view expires);

  // shutterstock_files.cpp
  [[nodiscard]] std::string file_token(const std::string& image_id, const std::string& size, std::int64_t expiry) const;
  SimResponse serve_file(const SimRequest& request);
  [[nodiscard]] std::string file_url_locked(const std::string& base, const std::string& image_id,
                                            const std::string& size) const;
  SimResponse file_answer(const SimRequest& request, const SimImage& image, const std::string& size);
  void load_bytes(SimResponse& response, const SimImage& image, const std::string& size);

  std::uint64_t tokens_issued_ = 0;
  std::unique_ptr<PaddedJpeg> padded_;
  std::size_t padded_bytes_ = 0;
  std::unordered_map<std::string, std::shared_ptr<const std::string>> drawn_;  ///< files drawn so far
};

}  // namespace damsync
