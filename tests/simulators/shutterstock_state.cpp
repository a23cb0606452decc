#include "tests/simulators/shutterstock_state.h"

#include <algorithm>
#include <utility>

namespace damsync {

std::vector<SimRendition> SimImage::renditions() const {
  std::vector<SimRendition> all = {
      {"small", width / 4, height / 4}, {"medium", width / 2, height / 2}, {"huge", width, height}};
  if (is_vector()) {
    all.push_back({"vector", 0, 0});
  } else {
    all.push_back({"supersize", width * 5 / 4, height * 5 / 4});
  }
  return all;
}

std::optional<SimRendition> SimImage::rendition(const std::string& size) const {
  for (const auto& one : renditions()) {
    if (one.size == size) return one;
  }
  return std::nullopt;
}

void ShutterstockState::add_token(const std::string& token, const std::string& username) {
  tokens[token] = {username, {"licenses.view", "purchases.view", "collections.view", "user.view"}, std::nullopt};
}

SimImage& ShutterstockState::put_image(SimImage image) {
  const std::string id = image.id;
  const auto [at, fresh] = images_.insert_or_assign(id, std::move(image));
  if (fresh) image_ids_.push_back(id);
  return at->second;
}

SimImage* ShutterstockState::image(std::string_view id) {
  const auto found = images_.find(id);
  return found == images_.end() ? nullptr : &found->second;
}

const SimImage* ShutterstockState::image(std::string_view id) const {
  const auto found = images_.find(id);
  return found == images_.end() ? nullptr : &found->second;
}

void ShutterstockState::add_license(SimLicense license) {
  auto shared = std::make_shared<SimLicense>(std::move(license));
  const auto later = [](const auto& a, const auto& b) { return a->download_time < b->download_time; };
  licenses_.insert(std::upper_bound(licenses_.begin(), licenses_.end(), shared, later), shared);
  licenses_by_id_.insert_or_assign(shared->id, shared);
}

bool ShutterstockState::remove_license(std::string_view id) {
  const auto found = licenses_by_id_.find(id);
  if (found == licenses_by_id_.end()) return false;
  std::erase(licenses_, found->second);
  licenses_by_id_.erase(found);
  return true;
}

SimLicense* ShutterstockState::license(std::string_view id) {
  const auto found = licenses_by_id_.find(id);
  return found == licenses_by_id_.end() ? nullptr : found->second.get();
}

void ShutterstockState::log_update(std::string image_id, UtcTime time, std::string kind) {
  SimUpdate update{std::move(image_id), time, std::move(kind)};
  const auto later = [](const SimUpdate& a, const SimUpdate& b) { return a.time < b.time; };
  const auto at = std::upper_bound(updates_.begin(), updates_.end(), update, later);
  updates_.insert(at, std::move(update));
}

bool ShutterstockState::withdraw(std::string_view image_id, UtcTime time) {
  SimImage* found = image(image_id);
  if (found == nullptr) return false;
  found->deleted = true;
  log_update(found->id, time, "deletion");
  return true;
}

bool ShutterstockState::restore(std::string_view image_id, UtcTime time) {
  SimImage* found = image(image_id);
  if (found == nullptr) return false;
  found->deleted = false;
  log_update(found->id, time, "addition");
  return true;
}

bool ShutterstockState::edit_description(std::string_view image_id, std::string description, UtcTime time) {
  SimImage* found = image(image_id);
  if (found == nullptr) return false;
  found->description = std::move(description);
  log_update(found->id, time, "edit");
  return true;
}

}  // namespace damsync
