#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/simulators/shutterstock_model.h"

namespace damsync {

/// Everything the simulated provider knows: accounts, catalogue, history. Plain data with the few changes that must
/// keep it consistent; access is serialized by the simulator.
class ShutterstockState {
 public:
  std::unordered_map<std::string, SimToken> tokens;
  std::unordered_map<std::string, SimClient> clients;
  std::unordered_map<std::string, SimToken> refresh_tokens;
  std::unordered_map<std::string, SimCode> authorization_codes;  ///< each good for one exchange
  SimToken login;  ///< who logs in at the authorize page, and the most that is granted there
  std::vector<SimSubscription> subscriptions;
  std::vector<SimCategory> categories;
  std::vector<SimCollection> collections;
  std::vector<SimCollection> featured;  ///< made by the provider, for everybody
  ShutterstockSwitches switches;
  std::size_t bench_bytes = 0;  ///< not 0: every file is a JPEG of exactly that many bytes

  /// A token with every scope a mirror needs.
  void add_token(const std::string& token, const std::string& username);

  /// Adds or replaces an image; writes no line of the change log.
  SimImage& put_image(SimImage image);
  [[nodiscard]] SimImage* image(std::string_view id);
  [[nodiscard]] const SimImage* image(std::string_view id) const;
  [[nodiscard]] const std::vector<std::string>& image_ids() const noexcept { return image_ids_; }

  /// Adds a license to the history, which is kept by time of download.
  void add_license(SimLicense license);
  /// The license leaves the history, as happens after a refund. False when unknown.
  bool remove_license(std::string_view id);
  [[nodiscard]] SimLicense* license(std::string_view id);
  /// Oldest first.
  [[nodiscard]] const std::vector<std::shared_ptr<SimLicense>>& licenses() const noexcept { return licenses_; }

  /// Writes a line of the change log, which is kept by time.
  void log_update(std::string image_id, UtcTime time, std::string kind);
  [[nodiscard]] const std::vector<SimUpdate>& updates() const noexcept { return updates_; }

  /// The image leaves the catalogue at `time`; its licenses stay. False when unknown.
  bool withdraw(std::string_view image_id, UtcTime time);
  /// A withdrawn image comes back at `time`. False when unknown.
  bool restore(std::string_view image_id, UtcTime time);
  /// Changes the description at `time` and logs the edit. False when unknown.
  bool edit_description(std::string_view image_id, std::string description, UtcTime time);

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, SimImage, TextHash, std::equal_to<>> images_;
  std::vector<std::string> image_ids_;  ///< in the order they were put
  std::vector<std::shared_ptr<SimLicense>> licenses_;
  std::unordered_map<std::string, std::shared_ptr<SimLicense>, TextHash, std::equal_to<>> licenses_by_id_;
  std::vector<SimUpdate> updates_;
};

}  // namespace damsync
