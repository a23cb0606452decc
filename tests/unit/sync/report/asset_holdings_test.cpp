#include "sync/report/asset_holdings.h"

#include <doctest/doctest.h>

#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// Which earlier license each license of an asset of that kind equals, by id; `-`: none.
std::string equals(const std::string& media_kind, const std::vector<std::string>& sizes) {
  CatalogBench bench;
  int number = 0;
  for (const auto& size : sizes) {
    auto license = sample_license("l" + std::to_string(++number));
    license.media_kind = media_kind;
    license.size = size;
    bench.upsert(license);
  }
  const AuditReader reader(*bench.db, {});
  AssetHoldings holdings(reader);
  std::string out;
  reader.licenses_of("newsroom", "1001", [&](const AuditLicense& license) {
    if (out.empty()) holdings.begin(license);
    const auto earlier = holdings.earlier_than(license);
    out += out.empty() ? "" : " ";
    out += earlier.empty() ? "-" : std::string(earlier);
    return true;
  });
  return out;
}

}  // namespace

TEST_CASE("asset holdings: a license of an image whose size is not known equals no other") {
  CHECK(equals("image", {"", ""}) == "- -");
  CHECK(equals("image", {"", "huge", "", "huge"}) == "- - - l2");
}

TEST_CASE("asset holdings: of media that come without a size, two licenses of one type are equal") {
  CHECK(equals("audio", {"", ""}) == "- l1");
  CHECK(equals("video", {"hd", "", "hd"}) == "- - l1");
}

}  // namespace damsync
