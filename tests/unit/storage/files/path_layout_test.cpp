#include "storage/files/path_layout.h"

#include <doctest/doctest.h>

namespace damsync {
namespace {

/// An input whose license the test can change.
struct Sample {
  License license;
  PathInput input;

  Sample() {
    license.license_id = "e123";
    license.asset_id = "118139110";
    license.license_type = "standard";
    license.size = "huge";
    license.licensed_at = *parse_rfc3339("2024-01-31T23:30:00-05:00");
    license.details = Json::object({{"project", "Spring ../ campaign"}});
    input = {.account = "newsroom",
             .provider = "shutterstock",
             .license = &license,
             .file_prefix = "shutterstock_",
             .ext = "jpg"};
  }
};

constexpr const char* kDefault = "{account}/{shard}/{asset_id}/{name}";

std::string path_of(const char* layout, const PathInput& input) { return PathLayout::parse(layout)->file_path(input); }

}  // namespace

TEST_CASE("path layout: the default puts each asset into a folder of its own, named by account, shard and id") {
  const Sample sample;
  const auto layout = *PathLayout::parse(kDefault);
  CHECK(layout.file_path(sample.input) == "newsroom/10/118139110/shutterstock_118139110-huge.jpg");
  CHECK(layout.file_path_with_license(sample.input) == "newsroom/10/118139110/shutterstock_118139110-huge-e123.jpg");
  CHECK(layout.sidecar_path(sample.input) == "newsroom/10/118139110/asset.json");
}

TEST_CASE("path layout: a size that the provider does not say leaves no trace in the name") {
  Sample sample;
  sample.license.size.clear();
  CHECK(path_of(kDefault, sample.input) == "newsroom/10/118139110/shutterstock_118139110.jpg");
}

TEST_CASE("path layout: every word has a value") {
  Sample sample;
  CHECK(path_of("{provider}/{license_type}/{license_year}-{license_month}/{project}/{editorial}/"
                "{asset_id}_{size}_{license_id}.{ext}",
                sample.input) ==
        "shutterstock/standard/2024-02/Spring_..__campaign/commercial/118139110_huge_e123.jpg");
  sample.input.editorial = true;
  sample.license.details = Json::object();
  CHECK(path_of("{editorial}/{project}/{name}", sample.input) == "editorial/_/shutterstock_118139110-huge.jpg");
}

TEST_CASE("path layout: a file always keeps its extension, and sidecars of shared folders carry the asset's id") {
  const Sample sample;
  const auto flat = *PathLayout::parse("{account}/{asset_id}");
  CHECK(flat.file_path(sample.input) == "newsroom/118139110.jpg");
  CHECK(flat.sidecar_path(sample.input) == "newsroom/118139110.asset.json");
  CHECK(PathLayout::parse("{asset_id}/{size}/{name}")->sidecar_path(sample.input) == "118139110/asset.json");
  CHECK(PathLayout::parse("{name}")->sidecar_path(sample.input) == "118139110.asset.json");
}

TEST_CASE("C2 path layout: what cannot be a safe layout is refused with its reason") {
  for (const char* bad : {"",
                          "/{name}",
                          "{name}/",
                          "{account}//{name}",
                          "../{name}",
                          "{account}/../{name}",
                          "./{name}",
                          ".hidden/{name}",
                          ".damsync/{name}",
                          "{account}",
                          "{account}/{size}.{ext}",
                          "{nme}",
                          "{name",
                          "name}",
                          "{}/{name}",
                          "{{name}}",
                          "a b/{name}",
                          "a\\{name}",
                          "~/{name}",
                          "\xc3\xa4/{name}"}) {
    CAPTURE(bad);
    const auto parsed = PathLayout::parse(bad);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().code == ErrorCode::kSettings);
    CHECK(parsed.error().message.find("store.layout") != std::string::npos);
  }
}

TEST_CASE(
    "P1 P2 P6 path layout: no value from outside reaches a path as more than letters, digits, dot, dash and "
    "underscore") {
  const std::string hostile[] = {"../../etc/passwd",
                                 "..%2f",
                                 "/abs",
                                 "~",
                                 ".",
                                 "..",
                                 "",
                                 "a/b",
                                 "a\\b",
                                 std::string("a\0b", 3),
                                 "a\nb\x1b",
                                 std::string(4096, 'x'),
                                 ".nfs0",
                                 "-rf",
                                 "\xe2\x80\xaegpj",
                                 "a b",
                                 "\xff"};
  const auto layout =
      *PathLayout::parse("{account}/{provider}/{shard}/{asset_id}/{license_id}/{license_type}/{project}/{size}/{name}");
  for (const auto& value : hostile) {
    CAPTURE(value);
    Sample sample;
    sample.license.asset_id = sample.license.license_id = sample.license.license_type = sample.license.size = value;
    sample.license.details = Json::object({{"project", value}});
    sample.input.account = sample.input.provider = sample.input.ext = value;
    for (const auto& path : {layout.file_path(sample.input), layout.file_path_with_license(sample.input),
                             layout.sidecar_path(sample.input)}) {
      CAPTURE(path);
      CHECK(path.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") ==
            std::string::npos);
      CHECK(("/" + path).find("/.") == std::string::npos);
      CHECK(("/" + path + "/").find("//") == std::string::npos);
      for (std::size_t from = 0; from < path.size(); from = std::min(path.find('/', from), path.size()) + 1)
        CHECK(std::min(path.find('/', from), path.size()) - from <= 255);
    }
  }
}

TEST_CASE("path layout: the shard is the last two characters of the id, lower case") {
  CHECK(shard_of("118139110") == "10");
  CHECK(shard_of("aXY") == "xy");
  CHECK(shard_of("7") == "_7");
  CHECK(shard_of("") == "__");
  CHECK(shard_of("a/.") == "__");
  CHECK(shard_of("a-b") == "_b");
}

}  // namespace damsync
