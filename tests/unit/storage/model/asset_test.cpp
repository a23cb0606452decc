#include "storage/model/asset.h"

#include <doctest/doctest.h>

#include "storage/catalog/raw_text.h"
#include "storage/catalog/stored_json.h"
#include "storage/model/event.h"
#include "storage/model/license.h"
#include "storage/sqlite/database.h"

namespace damsync {
namespace {

AssetMetadata sample_metadata() {
  AssetMetadata metadata;
  metadata.media_type = "image";
  metadata.title = "Harbour \"at\" dawn\n\u00e9";
  metadata.keywords = {"harbour", "dawn"};
  metadata.editorial = false;
  metadata.has_model_release = true;
  metadata.renditions = {{"huge", "jpg", 6000, 4000}, {"vector", "", std::nullopt, std::nullopt}};
  metadata.extra = Json::object({{"aspect", Json::Number{"1.50"}}, {"city", "Oslo"}});
  return metadata;
}

}  // namespace

TEST_CASE("metadata: JSON keeps every field, and absent is neither false nor empty") {
  const auto json = to_json(sample_metadata());
  CHECK(asset_metadata_from_json(json) == sample_metadata());
  CHECK(json.find("adult") == nullptr);
  CHECK(*json.find("editorial")->if_bool() == false);
  CHECK(to_json(AssetMetadata{}) == Json::object());
  CHECK(asset_metadata_from_json(Json::object()) == AssetMetadata{});
}

TEST_CASE("metadata: canonical text comes back from the catalog with every number as written") {
  const auto text = write_json(to_json(sample_metadata()), JsonStyle::kCanonical);
  CHECK(asset_metadata_from_json(parse_stored_json(text)) == sample_metadata());
  CHECK(write_json(parse_stored_json(text), JsonStyle::kCanonical) == text);
}

TEST_CASE("metadata: members of an unexpected type are ignored") {
  const auto json = Json::object({{"title", 7},
                                  {"keywords", "x"},
                                  {"editorial", "yes"},
                                  {"renditions", Json::array().push(1)},
                                  {"extra", "x"},
                                  {"people", Json::array().push("Ann").push(3)}});
  AssetMetadata expected;
  expected.people = {"Ann"};
  CHECK(asset_metadata_from_json(json) == expected);
}

TEST_CASE("metadata: changed fields are named, sorted, members of extra by their own name") {
  auto after = sample_metadata();
  CHECK(changed_fields(to_json(sample_metadata()), to_json(after)).empty());
  after.title = "Harbour";
  after.keywords.clear();
  after.adult = true;
  after.extra.set("city", "Bergen");
  CHECK(changed_fields(to_json(sample_metadata()), to_json(after)) ==
        std::vector<std::string>{"adult", "city", "keywords", "title"});
  CHECK(changed_fields(Json(), to_json(AssetMetadata{})).empty());
}

TEST_CASE("words: every state and event has its word back") {
  for (const auto* word : {"pending", "mirrored", "failed", "blocked", "missing", "corrupt"})
    CHECK(std::string(to_word(*file_state_from_word(word))) == word);
  for (const auto* word : {"unknown", "active", "withdrawn"})
    CHECK(std::string(to_word(*asset_state_from_word(word))) == word);
  for (const auto* word : {"asset.licensed", "asset.stored", "asset.updated", "asset.withdrawn", "asset.restored",
                           "asset.removed", "license.added", "license.changed", "license.vanished",
                           "collection.changed", "report.completed", "sync.failed"})
    CHECK(std::string(to_word(*event_type_from_word(word))) == word);
  CHECK(!file_state_from_word("Pending"));
  CHECK(!asset_state_from_word(""));
  CHECK(!event_type_from_word("asset"));
}

TEST_CASE("stored text: compressed text comes back, other bytes are damage") {
  std::string long_text;
  for (int i = 0; i < 100000; ++i) long_text += "0";
  for (const auto& text : {std::string(), std::string("{}"), long_text})
    CHECK(inflate_text(deflate_text(text)) == text);
  CHECK(deflate_text(long_text).size() < 1000);
  CHECK_THROWS_AS(inflate_text("not zlib"), DatabaseError);
  CHECK_THROWS_AS(inflate_text(deflate_text("cut short").substr(0, 8)), DatabaseError);
  CHECK_THROWS_AS(parse_stored_json("{\"a\":"), DatabaseError);
}

}  // namespace damsync
