#include "storage/catalog/catalog_writer.h"

#include <doctest/doctest.h>

#include "storage/catalog/backoff.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

UtcTime at(int minutes) {
  return UtcTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) + std::chrono::minutes(minutes);
}

AssetRow described(const std::string& title, std::optional<UtcTime> updated_at = std::nullopt) {
  AssetRow row;
  row.title = title;
  row.media_type = "image";
  row.editorial = false;
  row.metadata = R"({"title":")" + title + R"("})";
  row.raw = R"({"description":")" + title + R"("})";
  row.etag = "e-1";
  row.updated_at = updated_at;
  return row;
}

/// A catalog with one asset, 1001, of license l-1, whose sidecar is up to date.
struct AssetBench : CatalogBench {
  AssetBench() {
    upsert(sample_license("l-1"));
    clean();
  }
  void clean() {
    commit([&] { writer.put_sidecar("newsroom", "1001", "newsroom/01/1001/asset.json", std::string(64, 'c')); });
  }
  void describe(const AssetRow& row) {
    commit([&] { writer.put_description("newsroom", "1001", row, now()); });
  }
  [[nodiscard]] AssetRow asset() const { return *catalog.find_asset("newsroom", "1001"); }
  [[nodiscard]] bool dirty() const { return !catalog.dirty_sidecars("newsroom", 1).empty(); }
};

}  // namespace

TEST_CASE_FIXTURE(AssetBench, "description: what the provider says is stored, and the pending metadata is done with") {
  describe(described("Harbour", at(5)));

  CHECK(asset().state == AssetState::kActive);
  CHECK(asset().title == "Harbour");
  CHECK(asset().editorial == false);
  CHECK(asset().metadata == R"({"title":"Harbour"})");
  CHECK(asset().raw == R"({"description":"Harbour"})");
  CHECK(asset().etag == "e-1");
  CHECK(asset().updated_at == at(5));
  CHECK(asset().checked_at == now());
  CHECK(catalog.due_metadata("newsroom", now(), "", 10).empty());
  CHECK(dirty());
}

TEST_CASE_FIXTURE(AssetBench, "description: the same again leaves the sidecar clean") {
  describe(described("Harbour", at(5)));
  clean();
  describe(described("Harbour", at(5)));
  CHECK(!dirty());
  describe(described("Harbour at dawn", at(6)));
  CHECK(dirty());
}

TEST_CASE_FIXTURE(AssetBench, "F5 description: the provider's time of a change never moves backwards") {
  commit([&] { writer.note_update("newsroom", "1001", at(9)); });
  describe(described("Harbour", at(5)));
  CHECK(asset().updated_at == at(9));
  describe(described("Harbour", at(12)));
  CHECK(asset().updated_at == at(12));
  commit([&] { writer.note_update("newsroom", "1001", at(3)); });
  CHECK(asset().updated_at == at(12));
}

TEST_CASE_FIXTURE(AssetBench, "description: without a provider's time the first look counts") {
  describe(described("Harbour"));
  const auto first = now();
  clock.advance(Millis(60'000));
  describe(described("Harbour at dawn"));
  CHECK(asset().updated_at == first);
}

TEST_CASE_FIXTURE(AssetBench, "F13 withdrawn: the asset keeps its metadata, and a later description brings it back") {
  describe(described("Harbour"));
  commit([&] {
    writer.put_pending({"newsroom", PendingKind::kWithdrawal, "1001", 0, std::nullopt, "", now()});
    writer.set_withdrawn("newsroom", "1001", now());
  });
  CHECK(asset().state == AssetState::kWithdrawn);
  CHECK(asset().withdrawn_at == now());
  CHECK(asset().title == "Harbour");
  CHECK(catalog.pending("newsroom", PendingKind::kWithdrawal).empty());

  describe(described("Harbour"));
  CHECK(asset().state == AssetState::kActive);
  CHECK(!asset().withdrawn_at);
}

TEST_CASE_FIXTURE(AssetBench, "assets: writing about one that is not there is a bug, not a row") {
  CHECK_THROWS_AS(commit([&] { writer.set_withdrawn("newsroom", "9", now()); }), DatabaseError);
  CHECK_THROWS_AS(commit([&] { writer.touch_checked("newsroom", "9", now()); }), DatabaseError);
  CHECK_THROWS_AS(commit([&] { writer.put_description("newsroom", "9", described("x"), now()); }), DatabaseError);
  CHECK(catalog.asset_ids("newsroom") == std::vector<std::string>{"1001"});
}

TEST_CASE_FIXTURE(AssetBench, "K1 pending: work that failed while the clock was ahead is due when the clock is right") {
  const auto both_due = [&](int attempts, Millis off) {
    commit([&] {
      for (const auto kind : {PendingKind::kFile, PendingKind::kMetadata})
        writer.put_pending({"newsroom", kind, kind == PendingKind::kFile ? "l-1" : "1001", attempts, now() + off,
                            "answered 500", now()});
    });
    const bool file = catalog.due_files("newsroom", now(), {}, 10).size() == 1;
    CHECK(file == (catalog.due_metadata("newsroom", now(), "", 10).size() == 1));
    return file;
  };
  CHECK_FALSE(both_due(1, longest_backoff(1)));
  CHECK(both_due(1, longest_backoff(1) + Millis(1)));
  CHECK(both_due(0, Millis(1)));
  for (const int attempts : {2, 5, 10, 1000}) {
    CHECK_FALSE(both_due(attempts, longest_backoff(attempts)));
    CHECK(both_due(attempts, longest_backoff(attempts) + std::chrono::hours(24)));
  }
}

TEST_CASE_FIXTURE(AssetBench, "files: a failure is kept with its reason and stays wanted") {
  auto failed = file("l-1");
  failed.state = FileState::kFailed;
  failed.reason = "the answer was cut short";
  commit([&] {
    writer.put_file(failed);
    writer.put_pending({"newsroom", PendingKind::kFile, "l-1", 2, now() + Millis(1000), "cut short", now()});
  });

  CHECK(file("l-1").reason == "the answer was cut short");
  CHECK(catalog.due_files("newsroom", now(), {}, 10).empty());
  CHECK(catalog.due_files("newsroom", now() + Millis(1000), {}, 10).size() == 1);
  REQUIRE(catalog.due_files("newsroom", std::nullopt, {}, 10).size() == 1);
  CHECK(catalog.due_files("newsroom", std::nullopt, {}, 10)[0].attempts == 2);
  CHECK(catalog.counts("newsroom").quarantined == 1);
  CHECK(dirty());
}

TEST_CASE_FIXTURE(AssetBench, "I2 files: a mirrored file without path, hash and size is refused by the schema") {
  auto row = mirrored("l-1", "newsroom/01/1001/a.jpg");
  const auto refused = [&](auto edit) {
    auto broken = row;
    edit(broken);
    CHECK_THROWS_AS(commit([&] { writer.put_file(broken); }), DatabaseError);
  };
  refused([](FileRow& f) { f.path.clear(); });
  refused([](FileRow& f) { f.path = "/etc/passwd"; });
  refused([](FileRow& f) { f.sha256.clear(); });
  refused([](FileRow& f) { f.bytes.reset(); });
  refused([](FileRow& f) { f.mirrored_at.reset(); });
  CHECK(file("l-1").state == FileState::kPending);
}

TEST_CASE_FIXTURE(AssetBench, "M9 files: verification speaks for every license that shares the path") {
  upsert(sample_license("l-2"));
  commit([&] { writer.put_file(mirrored("l-1", "p/a.jpg")); });
  clean();
  clock.advance(Millis(5000));

  commit([&] { writer.put_verified("p/a.jpg", FileState::kMirrored, now()); });
  CHECK(!dirty());
  CHECK(file("l-2").verified_at == now());
  commit([&] { writer.put_verified("p/a.jpg", FileState::kMissing, now()); });

  CHECK(dirty());
  CHECK(file("l-1").state == FileState::kMissing);
  CHECK(file("l-2").state == FileState::kMissing);
  CHECK(catalog.due_files("newsroom", now(), {}, 10).size() == 2);
  commit([&] { writer.put_file(mirrored("l-1", "p/a.jpg")); });
  CHECK(file("l-2").state == FileState::kMirrored);
}

TEST_CASE_FIXTURE(CatalogBench, "I11 coverage: touching and overlapping spans become one, gaps stay") {
  commit([&] {
    writer.add_coverage({"newsroom", "updates", at(10), at(20)});
    writer.add_coverage({"newsroom", "updates", at(40), at(50)});
    writer.add_coverage({"newsroom", "updates", at(20), at(30)});
    writer.add_coverage({"newsroom", "updates", at(12), at(14)});
    writer.add_coverage({"newsroom", "licenses", at(0), at(60)});
  });
  auto rows = catalog.coverage();
  REQUIRE(rows.size() == 3);
  CHECK(rows[1].from == at(10));
  CHECK(rows[1].to == at(30));
  CHECK(rows[2].from == at(40));

  commit([&] { writer.add_coverage({"newsroom", "updates", at(25), at(45)}); });
  rows = catalog.coverage();
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].from == at(10));
  CHECK(rows[1].to == at(50));
}

TEST_CASE_FIXTURE(CatalogBench, "accounts: a name keeps its provider") {
  commit([&] { writer.ensure_account("newsroom", "shutterstock", now()); });
  try {
    commit([&] { writer.ensure_account("newsroom", "getty", now()); });
    FAIL("another provider was taken");
  } catch (const DatabaseError& error) {
    CHECK(error.code() == ErrorCode::kSettings);
  }
}

TEST_CASE_FIXTURE(CatalogBench, "pending: a row is replaced, and when it began stays known") {
  commit([&] {
    writer.put_pending({"newsroom", PendingKind::kRejected, "license x", 0, std::nullopt, "bad id", at(1)});
    writer.put_pending({"newsroom", PendingKind::kRejected, "license x", 3, at(9), "bad id again", at(5)});
    writer.put_pending({"newsroom", PendingKind::kVanish, "l-1", 0, std::nullopt, "", at(5)});
  });
  const auto rows = catalog.pending("newsroom", PendingKind::kRejected);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].attempts == 3);
  CHECK(rows[0].next_at == at(9));
  CHECK(rows[0].reason == "bad id again");
  CHECK(rows[0].first_at == at(1));
  commit([&] { writer.clear_pending("newsroom", PendingKind::kRejected); });
  CHECK(catalog.pending("newsroom", PendingKind::kRejected).empty());
  CHECK(catalog.pending("newsroom", PendingKind::kVanish).size() == 1);
}

}  // namespace damsync
