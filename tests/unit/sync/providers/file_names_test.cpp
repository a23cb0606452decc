#include <doctest/doctest.h>

#include <vector>

#include "sync/providers/getty/file_names.h"
#include "sync/providers/offline_connection.h"
#include "sync/providers/shutterstock/file_names.h"

namespace damsync {
namespace {

struct Named {
  const char* name;
  const char* asset_id;  ///< empty: none of the patterns
  const char* size = "";
  const char* hint = "";
  bool refused = false;
};

void check(FileNameReader read, const std::vector<Named>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto facts = read(row.name);
    CHECK(facts.has_value() == (std::string(row.asset_id) != ""));
    if (!facts) continue;
    CHECK(facts->asset_id == row.asset_id);
    CHECK(facts->size == row.size);
    CHECK(facts->size_hint == row.hint);
    CHECK(facts->refusal.empty() == !row.refused);
  }
}

}  // namespace

TEST_CASE("file names: a Shutterstock file tells its asset, and its size when the name states it") {
  check(shutterstock::read_file_name, {{"shutterstock_118139110.jpg", "118139110"},
                                       {"shutterstock_118139110-huge.jpg", "118139110", "huge"},
                                       {"shutterstock_118139110_medium.jpeg", "118139110", "medium"},
                                       {"Shutterstock-118139110.JPG", "118139110"},
                                       {"shutterstock 118139110.tif", "118139110"},
                                       {"shutterstock_118139110 (1).jpg", "118139110"},
                                       {"shutterstock_118139110(2).jpg", "118139110"},
                                       {"shutterstock_118139110-huge - Copy.jpg", "118139110", "huge"},
                                       {"shutterstock_118139110 - Copy (3).jpg", "118139110"},
                                       {"shutterstock_118139110 copy 2.jpg", "118139110"},
                                       {"stock-photo-a-boat-at-sea-118139110.jpg", "118139110"},
                                       {"stock-photo-118139110.jpg", ""},
                                       {"stock-photo-boats-of-1999-118139110.jpg", "118139110"},
                                       {"stock-vector-set-of-icons-118139110.eps", "118139110"},
                                       {"stock-illustration-boat-118139110-vector.eps", "118139110", "vector"},
                                       {"118139110.jpg", "118139110"},
                                       {"118139110-small.jpg", "118139110", "small"}});
}

TEST_CASE("file names: a preview of Shutterstock is told from a licensed file") {
  check(shutterstock::read_file_name, {{"stock-photo-a-boat-260nw-118139110.jpg", "118139110", "", "", true},
                                       {"stock-photo-a-boat-600w-118139110.jpg", "118139110", "", "", true},
                                       {"stock-photo-260nw-118139110.jpg", "118139110", "", "", true},
                                       {"stock-photo-a-w-118139110.jpg", "118139110"}});
}

TEST_CASE("file names: a Getty Images file tells its asset, with a hint at its size") {
  check(getty::read_file_name, {{"GettyImages-452224426.jpg", "452224426"},
                                {"GettyImages-452224426_high.jpg", "452224426", "", "high"},
                                {"gettyimages-452224426-x_large.jpg", "452224426", "", "xlarge"},
                                {"GettyImages_452224426-X-Large.JPG", "452224426", "", "xlarge"},
                                {"GettyImages-452224426 (1).jpg", "452224426"},
                                {"GettyImages-200553985-001.jpg", "200553985-001"},
                                {"GettyImages-200553985-001_full.jpg", "200553985-001", "", "full"},
                                {"GettyImages-sb10065903c-001.jpg", "sb10065903c-001"},
                                {"452224426.jpg", "452224426"},
                                {"452224426_super.jpg", "452224426", "", "super"}});
}

TEST_CASE("file names: a comp of Getty Images is told from a licensed file") {
  check(getty::read_file_name, {{"gettyimages-452224426-612x612.jpg", "452224426", "", "", true},
                                {"gettyimages-452224426-2048x2048.jpg", "452224426", "", "", true},
                                {"gettyimages-452224426-170667a.jpg", "452224426", "", "", true}});
}

TEST_CASE("file names: what is none of a provider's patterns is not guessed at") {
  for (const auto read : {FileNameReader(shutterstock::read_file_name), FileNameReader(getty::read_file_name)})
    check(read, {{"", ""},
                 {".jpg", ""},
                 {"118139110", ""},
                 {"118139110.xmp", ""},
                 {"118139110.jpg.xmp", ""},
                 {"118139110.mp4", ""},
                 {"IMG_0815.jpg", ""},
                 {"2024.jpg", ""},
                 {"00118139110.jpg", ""},
                 {"shutterstock_118139110-edited.jpg", ""},
                 {"shutterstock_118139110x.jpg", ""},
                 {"shutterstock_.jpg", ""},
                 {"shutterstock118139110.jpg", ""},
                 {"shutterstock_99999999999999999999999999.jpg", ""},
                 {"stock-photo-.jpg", ""},
                 {"GettyImages-452224426-cropped.jpg", ""},
                 {"GettyImages-.jpg", ""},
                 {"my GettyImages-452224426.jpg", ""},
                 {"118139110 ().jpg", ""},
                 {"(1).jpg", ""}});
}

TEST_CASE("offline connection: tells how a provider's files are called and refuses every call") {
  for (const char* provider : {"shutterstock", "getty", "getty-connect"}) {
    CAPTURE(provider);
    const auto connection = make_offline_connection("newsroom", provider);
    REQUIRE(connection.ok());
    auto& offline = (*connection)->provider();
    CHECK(offline.name() == provider);
    CHECK(bool(offline.capabilities().read_file_name));
    CHECK_FALSE(offline.capabilities().file_prefix.empty());
    CHECK_FALSE(offline.poll({}, {}).ok());
    CHECK_FALSE(offline.describe({}, {}).ok());
    CHECK_FALSE(offline.refetch({}, {}).ok());
    CHECK_FALSE((*connection)->downloads().send({}, nullptr, {}).ok());
  }
  CHECK(make_offline_connection("newsroom", "other").error().code == ErrorCode::kSettings);
}

}  // namespace damsync
