#include "sync/pipeline/tombstones.h"

#include <doctest/doctest.h>

#include <vector>

namespace damsync {
namespace {

AssetNotice gone(const std::string& id, int day) {
  return {.asset_id = id, .deleted = true, .time = std::chrono::sys_days(std::chrono::year(2026) / 3 / day)};
}

}  // namespace

TEST_CASE("F8 tombstones: the latest last, each asset once, and never more than a thousand") {
  std::string stored = with_tombstones("", std::vector{gone("1", 1), gone("2", 1)});
  stored = with_tombstones(stored, std::vector{gone("1", 2)});
  CHECK(stored == R"([{"id":"2","at":"2026-03-01T00:00:00Z"},{"id":"1","at":"2026-03-02T00:00:00Z"}])");

  std::vector<AssetNotice> many;
  for (int i = 0; i < 1'000; ++i) many.push_back(gone("x" + std::to_string(i), 3));
  stored = with_tombstones(stored, many);
  CHECK(stored.find(R"("id":"x0")") != std::string::npos);
  CHECK(stored.find(R"("id":"1")") == std::string::npos);
  CHECK(with_tombstones("rubbish", std::vector{gone("1", 1)}) == R"([{"id":"1","at":"2026-03-01T00:00:00Z"}])");
}

}  // namespace damsync
