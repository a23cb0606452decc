#include "sync/pipeline/collection_reading.h"

#include <doctest/doctest.h>

#include "storage/catalog/collection_book.h"
#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

class ScriptedCollections final : public CollectionSource {
 public:
  Result<std::vector<Collection>> collections(std::stop_token) override {
    ++lists;
    if (fault) return *fault;
    std::vector<Collection> out;
    for (const auto& [id, one] : all) out.push_back(one.first);
    return out;
  }
  Result<std::vector<std::string>> items(const Collection& collection, const KnownAssets& known,
                                         std::stop_token) override {
    ++reads;
    std::vector<std::string> out;
    for (const auto& id : all.at(collection.collection_id).second)
      if (known.contains(id)) out.push_back(id);
    return out;
  }
  void put(const std::string& id, const std::string& name, std::vector<std::string> items, int version = 1) {
    const auto count = static_cast<std::int64_t>(items.size());
    all[id] = {{id, name, count, from_millis(1'700'000'000'000 + version * 1000)}, std::move(items)};
  }

  std::map<std::string, std::pair<Collection, std::vector<std::string>>> all;
  std::optional<Error> fault;
  int lists = 0, reads = 0;
};

struct CollectionBench : CycleBench {
  CollectionBench() {
    for (int i = 1; i <= 3; ++i) provider.add(std::to_string(100 + i), "e" + std::to_string(i));
    cycle();
    source.put("7", "Covers", {"101", "102", "999"});
    source.put("8", "Elections", {"102"});
  }

  bool read() {
    bool changed = false;
    with_cycle([&](Cycle& cycle) { changed = read_collections_if_due(cycle, source, {}); });
    return changed;
  }
  /// The assets the feed told of since the last call.
  std::vector<std::string> told() {
    std::vector<std::string> out;
    catalog().list_changes({}, seen, [&](const Change& change) {
      seen = change.seq;
      if (change.type == EventType::kCollectionChanged) out.push_back(change.asset_id);
      return true;
    });
    return out;
  }
  [[nodiscard]] std::string of(const std::string& asset_id) {
    std::string out;
    for (const auto& [id, name] : CollectionBook(db()).of_asset("newsroom", asset_id)) out += id + ":" + name + " ";
    return out;
  }

  ScriptedCollections source;
  std::int64_t seen = 0;
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(CollectionBench,
                  "collections: our assets know theirs, each is told once, foreign items are left out") {
  CHECK(read());
  CHECK(of("101") == "7:Covers ");
  CHECK(of("102") == "7:Covers 8:Elections ");
  CHECK(of("103").empty());
  CHECK(told() == Ids{"101", "102"});
  std::vector<CollectionRow> rows;
  CollectionBook(db()).list({}, [&](const CollectionRow& row) { return rows.push_back(row), true; });
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].items == 3);
  CHECK(rows[0].assets == Ids{"101", "102"});
  CHECK(rows[0].provider == "scripted");
}

TEST_CASE_FIXTURE(CollectionBench, "collections: they stand in the sidecars after the next writing") {
  REQUIRE(read());
  cycle();
  const auto files = visible_files();
  CHECK(files.at(path_of("101") + ".xmp").find("<rdf:li>Collections|Covers</rdf:li>") != std::string::npos);
  CHECK(files.at(path_of("103") + ".xmp").find("Collections|") == std::string::npos);
  const auto json = std::filesystem::path(path_of("101")).parent_path() / "asset.json";
  CHECK(files.at(json).find("\"collection_id\": \"7\"") != std::string::npos);
}

TEST_CASE_FIXTURE(CollectionBench, "collections: the list is read every hour, items when it says so and once a day") {
  read();
  CHECK(source.reads == 2);
  CHECK_FALSE(read());
  CHECK(source.lists == 1);
  clock.advance(std::chrono::minutes(61));
  CHECK_FALSE(read());
  CHECK(source.lists == 2);
  CHECK(source.reads == 2);
  source.put("8", "Elections", {"102", "103"}, 2);
  clock.advance(std::chrono::minutes(61));
  CHECK(read());
  CHECK(source.reads == 3);
  clock.advance(std::chrono::hours(24));
  CHECK_FALSE(read());
  CHECK(source.reads == 5);
}

TEST_CASE_FIXTURE(CollectionBench,
                  "collections: an asset that is licensed later is found in those that did not change") {
  source.put("7", "Covers", {"101", "104"});
  read();
  CHECK(of("101") == "7:Covers ");
  provider.add("104", "e4");
  clock.advance(std::chrono::minutes(61));
  cycle();
  CHECK(read());
  CHECK(of("104") == "7:Covers ");
  const int reads = source.reads;
  clock.advance(std::chrono::minutes(61));
  CHECK_FALSE(read());
  CHECK(source.reads == reads);
}

TEST_CASE_FIXTURE(CollectionBench,
                  "collections: those that are not to be read any more are forgotten, and it is told") {
  read();
  told();
  const auto forget = [&] {
    bool changed = false;
    with_cycle([&](Cycle& cycle) { changed = forget_collections(cycle); });
    return changed;
  };
  CHECK(forget());
  CHECK(of("101").empty());
  CHECK(CollectionBook(db()).of_account("newsroom").empty());
  CHECK(told() == Ids{"101", "102"});
  CHECK_FALSE(forget());
  CHECK(read());  // switched on again
  CHECK(of("101") == "7:Covers ");
}

TEST_CASE_FIXTURE(CollectionBench, "collections: a refusal is the cycle's error, unless a graver one was met") {
  const auto code = [&](std::optional<Error> before) {
    std::optional<Error> after;
    with_cycle([&](Cycle& cycle) {
      cycle.summary.error = std::move(before);
      read_collections_if_due(cycle, source, {});
      after = cycle.summary.error;
    });
    return after ? std::string(to_word(after->code)) : "";
  };
  source.fault = make_error(ErrorCode::kUnauthorized, "no scope");
  CHECK(code(std::nullopt) == "unauthorized");
  CHECK(code(make_error(ErrorCode::kStorage, "full")) == "storage");
  source.fault = retryable(ErrorCode::kUnavailable, "no answer");
  CHECK(code(std::nullopt).empty());
}

TEST_CASE_FIXTURE(CollectionBench,
                  "collections: what leaves, is renamed or goes away is told of the assets concerned") {
  read();
  told();
  source.put("7", "Titles", {"101", "103"}, 2);
  source.all.erase("8");
  clock.advance(std::chrono::hours(2));
  CHECK(read());
  CHECK(told() == Ids{"101", "102", "103"});
  CHECK(of("101") == "7:Titles ");
  CHECK(of("102").empty());
  CHECK(of("103") == "7:Titles ");
  CHECK(catalog().find_asset("newsroom", "102")->revision == catalog().changes_of("newsroom", "102").back().revision);
}

TEST_CASE_FIXTURE(CollectionBench, "collections: what cannot be read changes nothing and is tried again next time") {
  read();
  told();
  source.fault = make_error(ErrorCode::kUnauthorized, "no scope");
  clock.advance(std::chrono::hours(2));
  CHECK_FALSE(read());
  CHECK(of("101") == "7:Covers ");
  CHECK(told().empty());
  source.fault.reset();
  source.put("9", "New", {"103"});
  CHECK(read());
  CHECK(told() == Ids{"103"});
}

}  // namespace damsync
