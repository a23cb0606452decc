#include "sync/sidecar/json_writer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "sync/http/json_reader.h"
#include "tests/unit/sync/sidecar/sidecar_samples.h"

using namespace damsync;
using namespace damsync::sidecar_samples;

namespace {

Json written(const SidecarInput& input) { return parse_json(JsonWriter().write(input)).value(); }

std::string text(const Json& object, std::string_view key) {
  const Json* member = object.find(key);
  const auto* found = member == nullptr ? nullptr : member->if_string();
  return found == nullptr ? "(no text)" : *found;
}

const Json& item(const Json& object, std::string_view key, std::size_t index) {
  return object.find(key)->if_array()->at(index);
}

std::set<std::string> keys(const Json& object) {
  std::set<std::string> out;
  for (const auto& [key, value] : *object.if_object()) out.insert(key);
  return out;
}

}  // namespace

TEST_CASE("asset.json: it names the asset, its state and its metadata") {
  SidecarInput input = full();
  input.asset.updated_at = at("2024-06-01T00:00:00Z");
  const Json actual = written(input);
  CHECK(keys(actual) == std::set<std::string>{"account", "asset_id", "collections", "files", "first_seen_at",
                                              "licenses", "metadata", "provider", "schema_version", "state",
                                              "updated_at"});
  CHECK(write_json(*actual.find("collections")) ==
        R"([{"collection_id":"17","name":"封面 | covers"},{"collection_id":"18","name":""}])");
  CHECK(actual.find("schema_version")->as_int64() == 1);
  CHECK(text(actual, "provider") == "shutterstock");
  CHECK(text(actual, "account") == "newsroom");
  CHECK(text(actual, "asset_id") == "118139110");
  CHECK(text(actual, "state") == "active");
  CHECK(text(actual, "first_seen_at") == "2024-05-01T00:00:00Z");
  CHECK(text(actual, "updated_at") == "2024-06-01T00:00:00Z");
  const AssetMetadata read_back = asset_metadata_from_json(*actual.find("metadata"));
  CHECK(write_json(to_json(read_back), JsonStyle::kCanonical) ==
        write_json(to_json(input.metadata), JsonStyle::kCanonical));
}

TEST_CASE("asset.json: a withdrawn asset says since when") {
  SidecarInput input = full();
  input.asset.state = AssetState::kWithdrawn;
  input.asset.withdrawn_at = at("2024-07-01T08:00:00Z");
  CHECK(text(written(input), "state") == "withdrawn");
  CHECK(text(written(input), "withdrawn_at") == "2024-07-01T08:00:00Z");
}

TEST_CASE("asset.json: every license is there with all that its history row said") {
  SidecarInput input = full();
  auto& row = input.licenses[0];
  row.downloadable = false;
  row.state = LicenseState::kVanished;
  row.vanished_at = at("2024-08-01T00:00:00Z");
  const Json license = item(written(input), "licenses", 0);
  CHECK(text(license, "license_id") == "e101");
  CHECK(text(license, "state") == "vanished");
  CHECK(text(license, "media_kind") == "image");
  CHECK(text(license, "license_type") == "standard");
  CHECK(text(license, "size") == "huge");
  CHECK(text(license, "format") == "jpg");
  CHECK(text(license, "licensed_at") == "2024-04-30T16:00:00Z");
  CHECK(text(license, "licensed_at_text") == "2024-04-30T12:00:00-04:00");
  CHECK(text(license, "licensed_by") == "anna");
  CHECK(*license.find("downloadable")->if_bool() == false);
  CHECK(text(license, "first_seen_at") == "2024-05-01T00:00:00Z");
  CHECK(text(license, "vanished_at") == "2024-08-01T00:00:00Z");
  CHECK(text(*license.find("details"), "purchase_order") == "00123456");
  CHECK(text(*license.find("raw"), "id") == "e101");
}

TEST_CASE("asset.json: a file is named relative to the asset's folder, with its hash") {
  SidecarInput input = full();
  const Json file = item(written(input), "files", 0);
  CHECK(text(file, "license_id") == "e101");
  CHECK(text(file, "state") == "mirrored");
  CHECK(text(file, "name") == "shutterstock_118139110-huge.jpg");
  CHECK(file.find("bytes")->as_int64() == 12'345'678);
  CHECK(text(file, "sha256") == std::string(64, 'a'));
  CHECK(text(file, "size") == "huge");
  CHECK(text(file, "format") == "jpg");
  CHECK(text(file, "mirrored_at") == "2024-05-02T10:00:00Z");
  input.files[0].path = "newsroom/print/a.jpg";
  CHECK(text(item(written(input), "files", 0), "name") == "../../print/a.jpg");
}

TEST_CASE("asset.json: the state of a file is told only where it lasts") {
  SidecarInput input = bare();
  auto& file = input.files[0];
  file.reason = "the provider does not allow it";
  for (const auto state : {FileState::kPending, FileState::kFailed, FileState::kMissing, FileState::kCorrupt}) {
    file.state = state;
    CHECK(item(written(input), "files", 0).find("state") == nullptr);
    CHECK(item(written(input), "files", 0).find("reason") == nullptr);
  }
  file.state = FileState::kBlocked;
  CHECK(text(item(written(input), "files", 0), "state") == "blocked");
  CHECK(text(item(written(input), "files", 0), "reason") == "the provider does not allow it");
}

TEST_CASE("asset.json: the provider's own JSON stays as it was, numbers included") {
  SidecarInput input = bare();
  input.asset.raw = R"({"id":"118139110","price":1.10,"big":12345678901234567890123,"none":null})";
  const Json raw = *written(input).find("raw");
  CHECK(raw.find("price")->if_number()->text == "1.10");
  CHECK(raw.find("big")->if_number()->text == "12345678901234567890123");
  CHECK(raw.find("none")->is_null());
  input.asset.raw = "<html>not JSON</html>";
  CHECK(text(written(input), "raw") == "<html>not JSON</html>");
}

TEST_CASE("asset.json: the same facts give the same bytes, whatever their order") {
  SidecarInput input = full();
  input.licenses.push_back(license("e102", "enhanced", "2024-05-01T00:00:00Z"));
  input.files.push_back(file_of(input.licenses[1], "b.jpg"));
  const std::string first = JsonWriter().write(input);
  std::reverse(input.licenses.begin(), input.licenses.end());
  std::reverse(input.files.begin(), input.files.end());
  CHECK(JsonWriter().write(input) == first);
  CHECK(first.ends_with("}\n"));
}

TEST_CASE("asset.json: checks that found nothing new do not change the bytes") {
  SidecarInput input = full();
  const std::string first = JsonWriter().write(input);
  input.asset.checked_at = at("2025-01-01T00:00:00Z");
  input.asset.etag = "\"abc\"";
  input.asset.revision = 99;
  input.asset.sidecar_sha256 = "b";
  input.files[0].verified_at = at("2025-01-01T00:00:00Z");
  CHECK(JsonWriter().write(input) == first);
}

TEST_CASE("J7 W5 asset.json: hostile text is escaped, and invalid UTF-8 never makes the file unreadable") {
  SidecarInput input = bare();
  input.licenses[0].licensed_by = "\x1b[31m<script>\r\n\"";
  input.licenses[0].size = "lone \xED\xA0\xBD";
  const Json license = item(written(input), "licenses", 0);
  CHECK(text(license, "licensed_by") == "\x1b[31m<script>\r\n\"");
  CHECK(text(license, "size") == "lone \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("asset.json: it stands where the catalog says") {
  CHECK(JsonWriter().file_name_for(bare()) == "newsroom/10/118139110/asset.json");
}
