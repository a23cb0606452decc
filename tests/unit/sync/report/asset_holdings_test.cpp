#include "sync/report/asset_holdings.h"

#include <doctest/doctest.h>

#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// Which earlier license each license of the asset equals, by id; `-`: none.
std::string equals(std::string_view provider, const std::vector<std::string>& sizes) {
  CatalogBench bench;
  bench.commit([&] {
    bench.writer.ensure_account("desk", std::string(provider), bench.now());
    int number = 0;
    for (const auto& size : sizes) {
      auto license = sample_license("l" + std::to_string(++number));
      license.size = size;
      bench.writer.upsert_license("desk", license, "", bench.now());
    }
  });
  const AuditReader reader(*bench.db, {});
  AssetHoldings holdings(reader);
  std::string out;
  reader.licenses_of("desk", "1001", [&](const AuditLicense& license) {
    if (out.empty()) holdings.begin(license);
    const auto earlier = holdings.earlier_than(license);
    out += out.empty() ? "" : " ";
    out += earlier.empty() ? "-" : std::string(earlier);
    return true;
  });
  return out;
}

}  // namespace

TEST_CASE("asset holdings: a license of Getty whose size is not known equals no other") {
  CHECK(equals("getty", {"", ""}) == "- -");
  CHECK(equals("getty", {"", "x_large", "", "x_large"}) == "- - - l2");
}

TEST_CASE("asset holdings: where a provider names sizes, none is the only one there is") {
  CHECK(equals("shutterstock", {"", ""}) == "- l1");
  CHECK(equals("shutterstock", {"huge", "", "huge"}) == "- - l1");
}

}  // namespace damsync
