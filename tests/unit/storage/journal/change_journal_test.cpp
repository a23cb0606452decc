#include "storage/journal/change_journal.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

std::vector<Change> feed(const Catalog& catalog, std::int64_t after = 0) {
  std::vector<Change> out;
  catalog.list_changes({}, after, [&](const Change& change) {
    out.push_back(change);
    return true;
  });
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(CatalogBench, "change feed: several changes of one commit each raise the revision") {
  upsert(sample_license("l-1"));
  commit([&] {
    auto licensed = sample_change(EventType::kAssetLicensed);
    licensed.license_id = "l-1";
    licensed.fields = {"title", "keywords"};
    CHECK(journal.append(licensed).revision == 1);
    CHECK(journal.append(sample_change(EventType::kAssetUpdated)).revision == 2);
    auto failed = sample_change(EventType::kSyncFailed);
    failed.asset_id.clear();
    CHECK(journal.append(failed).revision == 0);
  });
  CHECK(catalog.find_asset("newsroom", "1001")->revision == 2);
  const auto changes = catalog.changes_of("newsroom", "1001");
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].type == EventType::kAssetLicensed);
  CHECK(changes[0].license_id == "l-1");
  CHECK(changes[0].fields == std::vector<std::string>{"title", "keywords"});
  CHECK(changes[0].time == now());
  CHECK(changes[0].provider == "shutterstock");
  CHECK(feed(catalog, changes[1].seq).size() == 1);
}

TEST_CASE_FIXTURE(CatalogBench,
                  "change feed: positions and ids rise, revisions have no gap, rolled back changes leave none") {
  std::mt19937 random(7);
  for (int i = 0; i < 5; ++i) upsert(sample_license("l-" + std::to_string(i), "a-" + std::to_string(i)));
  for (int round = 0; round < 60; ++round) {
    Transaction transaction(*db);
    for (unsigned n = random() % 4; n > 0; --n)
      journal.append(sample_change(EventType::kAssetUpdated, "a-" + std::to_string(random() % 5)));
    if (random() % 3 != 0) transaction.commit();
    clock.advance(Millis(random() % 3));
  }
  std::map<std::string, std::int64_t> revisions;
  std::set<std::string> ids;
  std::int64_t seq = 0;
  std::string last_id;
  for (const auto& change : feed(catalog)) {
    CHECK(change.seq == ++seq);
    CHECK(change.revision == ++revisions[change.asset_id]);
    CHECK(change.id > last_id);
    last_id = change.id;
    ids.insert(change.id);
  }
  CHECK(ids.size() == static_cast<std::size_t>(seq));
  CHECK(seq > 20);
  for (const auto& [asset_id, revision] : revisions)
    CHECK(catalog.find_asset("newsroom", asset_id)->revision == revision);
}

TEST_CASE_FIXTURE(CatalogBench, "change feed: a change without its transaction or its asset is a bug, not a row") {
  CHECK_THROWS_AS(journal.append(sample_change(EventType::kSyncFailed, "")), DatabaseError);
  CHECK_THROWS_AS(commit([&] { journal.append(sample_change(EventType::kAssetUpdated, "none")); }), DatabaseError);
  CHECK(feed(catalog).empty());
}

TEST_CASE_FIXTURE(CatalogBench, "A4 change feed: rows cannot be altered or removed") {
  commit([&] { journal.append(sample_change(EventType::kSyncFailed, "")); });
  CHECK_THROWS_AS(db->execute("DELETE FROM change"), DatabaseError);
  CHECK_THROWS_AS(db->execute("UPDATE change SET time = 0"), DatabaseError);
  CHECK(feed(catalog).size() == 1);
}

}  // namespace damsync
