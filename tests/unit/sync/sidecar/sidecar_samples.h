#pragma once

#include <string>
#include <vector>

#include "storage/base/time.h"
#include "sync/sidecar/sidecar.h"

namespace damsync::sidecar_samples {

inline UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }

inline LicenseRow license(const std::string& id, const std::string& type, std::string_view licensed_at) {
  LicenseRow row;
  row.license_id = id;
  row.asset_id = "118139110";
  row.account = "newsroom";
  row.provider = "shutterstock";
  row.license_type = type;
  row.size = "huge";
  row.format = "jpg";
  row.licensed_at = at(licensed_at);
  row.licensed_at_text = std::string(licensed_at);
  row.licensed_by = "anna";
  row.first_seen_at = at("2024-05-01T00:00:00Z");
  row.raw = R"({"id":")" + id + R"("})";
  return row;
}

inline FileRow file_of(const LicenseRow& license, const std::string& name) {
  FileRow row;
  row.account = license.account;
  row.provider = license.provider;
  row.asset_id = license.asset_id;
  row.license_id = license.license_id;
  row.size = license.size;
  row.format = license.format;
  row.state = FileState::kMirrored;
  row.path = "newsroom/10/118139110/" + name;
  row.bytes = 12'345'678;
  row.sha256 = std::string(64, 'a');
  row.mirrored_at = at("2024-05-02T10:00:00Z");
  return row;
}

/// An asset of which nothing is known but that it is held, with one license and its file.
inline SidecarInput bare() {
  SidecarInput input;
  input.asset.account = "newsroom";
  input.asset.provider = "shutterstock";
  input.asset.asset_id = "118139110";
  input.asset.revision = 7;
  input.asset.first_seen_at = at("2024-05-01T00:00:00Z");
  input.asset.sidecar_path = "newsroom/10/118139110/asset.json";
  input.licenses = {license("e101", "standard", "2024-04-30T12:00:00-04:00")};
  input.files = {file_of(input.licenses[0], "shutterstock_118139110-huge.jpg")};
  return input;
}

/// The same asset with every fact that the mapping knows.
inline SidecarInput full() {
  SidecarInput input = bare();
  input.asset.state = AssetState::kActive;
  input.supplier_name = "Shutterstock";
  auto& metadata = input.metadata;
  metadata.media_type = "image";
  metadata.kind = "photo";
  metadata.title = "Harbour at dawn";
  metadata.caption = "ميناء عند الفجر <b> & ]]> 日本語の港 🚢";
  metadata.keywords = {"harbour", "港口", "ميناء", "🚢"};
  metadata.creator_id = "1306729";
  metadata.creator_name = "Søren Ågård";
  metadata.credit_line = "Søren Ågård/Shutterstock";
  metadata.copyright = "© 2012 Søren Ågård";
  metadata.collection = "Offset";
  metadata.created_on = "2012-11-09";
  metadata.page_url = "https://www.shutterstock.com/image-photo/118139110?a=1&b=2";
  metadata.editorial = true;
  metadata.adult = false;
  metadata.ai_generated = true;
  metadata.has_model_release = true;
  metadata.has_property_release = true;
  metadata.model_release_ids = {"0012"};
  metadata.releases = {"0012", "0034"};
  metadata.people = {"王芳", "Jane Doe"};
  metadata.restrictions = {"No use in Japan.", "NUR <print>"};
  metadata.usage_terms = "Available for all permitted uses.";
  metadata.license_model = "royaltyfree";
  metadata.renditions = {{"small", "jpg", 500, 333}, {"huge", "jpg", 5616, 3744}, {"vector", "eps", {}, {}}};
  metadata.extra = Json::object({{"artist_title", "Contributor"},
                                 {"city", "القاهرة"},
                                 {"state_province", "Cairo"},
                                 {"country", "Egypt"},
                                 {"country_code", "EGY"},
                                 {"event", "Port opening"},
                                 {"event_ids", Json::Array{775001, 775002}}});
  auto& held = input.licenses[0];
  held.details = Json::object({{"subscription_id", "s18382630"},
                               {"purchase_order", "00123456"},
                               {"job", "Job 7"},
                               {"client", "Company A"},
                               {"project", "P-1"},
                               {"notes", "cover 封面"},
                               {"user_name", "Anna Müller"}});
  input.agreements["e101"] = {.licensee = "Example Media Ltd",
                              .licensee_id = "EML",
                              .terms_url = "https://example.org/terms?v=1&l=en",
                              .start = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1),
                              .end = std::chrono::sys_days(std::chrono::year(2026) / 12 / 31),
                              .region_limit = "Europe only",
                              .media_limit = "Print only"};
  input.collections = {{"17", "封面 | covers"}, {"18", ""}};
  input.house.data_mining = "DMI-PROHIBITED";
  return input;
}

/// With the first file as the one the sidecar stands beside. The result points into `input`.
inline SidecarInput& beside_first_file(SidecarInput& input) {
  input.file = input.files.data();
  return input;
}

}  // namespace damsync::sidecar_samples
