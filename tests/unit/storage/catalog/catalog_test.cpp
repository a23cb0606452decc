#include "storage/catalog/catalog.h"

#include <doctest/doctest.h>

#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

UtcTime at(int minutes) {
  return UtcTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) + std::chrono::minutes(minutes);
}

std::vector<std::string> license_ids(const Catalog& catalog, const ListFilter& filter) {
  std::vector<std::string> ids;
  catalog.list_licenses(filter, [&](const LicenseRow& row) {
    ids.push_back(row.license_id);
    return true;
  });
  return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(CatalogBench,
                  "listing: filters restrict, bounds are inclusive and exclusive, order is by account and id") {
  commit([&] { writer.ensure_account("archive", "getty", now()); });
  for (int i = 0; i < 4; ++i) {
    auto license = sample_license("l-" + std::to_string(i), "100" + std::to_string(i));
    license.licensed_at = at(i);
    upsert(license);
  }
  commit([&] {
    writer.upsert_license("archive", sample_license("a-1", "77"), "", now());
    writer.set_license_vanished("newsroom", "l-3", now());
  });

  CHECK(license_ids(catalog, {}) == Ids{"a-1", "l-0", "l-1", "l-2", "l-3"});
  CHECK(license_ids(catalog,
                    {.account = "newsroom", .provider = {}, .state = "held", .since = {}, .until = {}, .limit = {}}) ==
        Ids{"l-0", "l-1", "l-2"});
  CHECK(
      license_ids(catalog, {.account = {}, .provider = "getty", .state = {}, .since = {}, .until = {}, .limit = {}}) ==
      Ids{"a-1"});
  CHECK(
      license_ids(catalog,
                  {.account = "newsroom", .provider = {}, .state = {}, .since = at(1), .until = at(3), .limit = {}}) ==
      Ids{"l-1", "l-2"});
  CHECK(license_ids(catalog, {.account = {}, .provider = {}, .state = {}, .since = {}, .until = {}, .limit = 2}) ==
        Ids{"a-1", "l-0"});
  CHECK(license_ids(catalog,
                    {.account = "x' OR 1=1 --", .provider = {}, .state = {}, .since = {}, .until = {}, .limit = {}})
            .empty());
}

TEST_CASE_FIXTURE(CatalogBench, "listing: a visitor that says no ends it") {
  for (const auto* id : {"l-1", "l-2", "l-3"}) upsert(sample_license(id, id));
  int seen = 0;
  catalog.list_assets({}, [&](const AssetRow&) { return ++seen < 2; });
  CHECK(seen == 2);
}

TEST_CASE_FIXTURE(CatalogBench, "lookups: what is not there is nothing") {
  CHECK(!catalog.find_asset("newsroom", "1"));
  CHECK(!catalog.find_license("newsroom", "1"));
  CHECK(!catalog.find_file("newsroom", "1"));
  CHECK(!catalog.find_file_at(""));
  CHECK(catalog.stream("newsroom", "updates").cursor.empty());
  CHECK(catalog.stream("newsroom", "updates").name == "updates");
  CHECK(catalog.setting("store_id").empty());
  CHECK(catalog.counts("newsroom").assets_active == 0);
  CHECK(!catalog.store_totals().oldest_verified_at);
}

TEST_CASE_FIXTURE(CatalogBench, "lookups: assets are found across accounts of a provider") {
  commit([&] {
    writer.ensure_account("archive", "shutterstock", now());
    writer.ensure_account("wire", "getty", now());
    for (const auto* account : {"archive", "newsroom", "wire"})
      writer.upsert_license(account, sample_license("l-1"), "", now());
  });
  CHECK(catalog.accounts_with("shutterstock", "1001") == Ids{"archive", "newsroom"});
  CHECK(catalog.accounts() == Ids{"archive", "newsroom", "wire"});
}

TEST_CASE_FIXTURE(CatalogBench, "ids: known assets come sorted by byte value") {
  for (const auto* id : {"b", "B", "a", "10", "9"}) upsert(sample_license(std::string("l-") + id, id));
  CHECK(catalog.asset_ids("newsroom") == Ids{"10", "9", "B", "a", "b"});
}

TEST_CASE_FIXTURE(CatalogBench, "streams: a row comes back as it was put") {
  commit([&] {
    writer.put_stream({"newsroom", "updates", "c-1", at(1), std::nullopt, "timed out"});
    writer.put_stream({"newsroom", "licenses", "c-2", at(1), at(2), ""});
  });
  CHECK(catalog.stream("newsroom", "updates").last_error == "timed out");
  CHECK(catalog.stream("newsroom", "licenses").last_full_at == at(2));
  CHECK(catalog.streams().size() == 2);
}

TEST_CASE_FIXTURE(CatalogBench, "due work: pages follow the key, so that each item comes once") {
  for (int i = 0; i < 7; ++i) {
    upsert(sample_license("l-" + std::to_string(9 - i), "a-" + std::to_string(i / 2)));
  }
  Ids files;
  WorkItem after;
  for (;;) {
    const auto page = catalog.due_files("newsroom", now(), after, 2);
    if (page.empty()) break;
    for (const auto& item : page) files.push_back(item.asset_id + "/" + item.license_id);
    after = page.back();
  }
  CHECK(files == Ids{"a-0/l-8", "a-0/l-9", "a-1/l-6", "a-1/l-7", "a-2/l-4", "a-2/l-5", "a-3/l-3"});

  const auto metadata = catalog.due_metadata("newsroom", now(), "a-1", 10);
  REQUIRE(metadata.size() == 2);
  CHECK(metadata[0].asset_id == "a-2");
}

TEST_CASE_FIXTURE(CatalogBench,
                  "I7 scan: what a complete reading did not see is named, unless it is older than it reached") {
  auto old = sample_license("l-old", "1");
  old.licensed_at = at(0);
  upsert(old, "scan-1");
  upsert(sample_license("l-seen", "2"), "scan-1");
  upsert(sample_license("l-gone", "3"), "scan-1");
  upsert(sample_license("l-unmarked", "4"));

  upsert(sample_license("l-seen", "2"), "scan-2");

  const auto ids = [&](std::optional<UtcTime> from) {
    Ids out;
    for (const auto& row : catalog.unseen_licenses("newsroom", "scan-2", from)) out.push_back(row.license_id);
    return out;
  };
  CHECK(ids(std::nullopt) == Ids{"l-gone", "l-old", "l-unmarked"});
  CHECK(ids(at(1)) == Ids{"l-gone", "l-unmarked"});
  commit([&] { writer.set_license_vanished("newsroom", "l-gone", now()); });
  CHECK(ids(at(1)) == Ids{"l-unmarked"});
}

TEST_CASE_FIXTURE(CatalogBench, "stored files: each path once, in order, with what is known of it") {
  upsert(sample_license("l-1"));
  upsert(sample_license("l-2"));
  upsert(sample_license("l-3", "2002"));
  commit([&] {
    writer.put_file(mirrored("l-1", "z/a.jpg"));
    writer.put_file(mirrored("l-3", "b/c.jpg"));
    writer.put_verified("b/c.jpg", FileState::kCorrupt, now());
  });
  Ids paths;
  catalog.list_stored_files([&](const Catalog::StoredFile& file) {
    paths.push_back(file.path + " " + to_word(file.state));
    return true;
  });
  CHECK(paths == Ids{"b/c.jpg corrupt", "z/a.jpg mirrored"});
  CHECK(catalog.find_file_at("z/a.jpg")->license_id == "l-1");
  CHECK(!catalog.find_file_at("b/c.jpg"));
}

TEST_CASE_FIXTURE(CatalogBench, "counts: every asset, license and file is in exactly one number") {
  for (int i = 0; i < 6; ++i) upsert(sample_license("l-" + std::to_string(i), "a-" + std::to_string(i)));
  AssetRow described;
  described.metadata = "{}";
  auto blocked = file("l-3");
  blocked.state = FileState::kBlocked;
  blocked.reason = "policy";
  commit([&] {
    writer.put_description("newsroom", "a-0", described, now());
    writer.put_description("newsroom", "a-1", described, now());
    writer.set_withdrawn("newsroom", "a-1", now());
    writer.set_license_vanished("newsroom", "l-5", now());
    writer.put_file(mirrored("l-0", "p/0"));
    writer.put_file(mirrored("l-1", "p/1"));
    writer.put_verified("p/1", FileState::kMissing, now());
    writer.put_file(blocked);
    writer.put_pending({"newsroom", PendingKind::kRejected, "x", 0, std::nullopt, "bad", now()});
  });
  const auto counts = catalog.counts("newsroom");
  CHECK(counts.assets_active == 1);
  CHECK(counts.assets_withdrawn == 1);
  CHECK(counts.assets_unknown == 4);
  CHECK(counts.licenses_held == 5);
  CHECK(counts.licenses_vanished == 1);
  CHECK(counts.files_mirrored == 1);
  CHECK(counts.files_open == 3);
  CHECK(counts.files_blocked == 2);
  CHECK(counts.quarantined == 1);
  CHECK(counts.backlog == 7);
}

TEST_CASE_FIXTURE(CatalogBench, "runs: newest first, with what each account did") {
  RunSummary first;
  first.run_id = "r-1";
  first.started_at = at(1);
  first.finished_at = at(2);
  first.ok = false;
  first.accounts.resize(2);
  first.accounts[0].name = "wire";
  first.accounts[1].name = "newsroom";
  first.accounts[1].error = make_error(ErrorCode::kThrottled, "slow down");
  first.accounts[1].bytes = 7;
  first.accounts[1].calls_spending = 1;
  auto second = first;
  second.run_id = "r-2";
  second.started_at = at(3);
  second.ok = true;
  second.accounts.clear();
  commit([&] {
    writer.put_run(first);
    writer.put_run(second);
    writer.put_run(first);
  });

  std::vector<RunSummary> runs;
  const auto collect = [&](const RunSummary& run) {
    runs.push_back(run);
    return true;
  };
  catalog.list_runs({}, collect);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].run_id == "r-2");
  REQUIRE(runs[1].accounts.size() == 2);
  CHECK(runs[1].accounts[0].name == "wire");
  CHECK(!runs[1].accounts[0].error);
  CHECK(runs[1].accounts[1].error->code == ErrorCode::kThrottled);
  CHECK(runs[1].accounts[1].error->message == "slow down");
  CHECK(runs[1].accounts[1].bytes == 7);
  CHECK(runs[1].accounts[1].calls_spending == 1);
  runs.clear();
  catalog.list_runs({.account = "wire", .provider = {}, .state = "failed", .since = {}, .until = {}, .limit = {}},
                    collect);
  CHECK(runs.size() == 1);
}

TEST_CASE_FIXTURE(CatalogBench, "plans: listings and work lists follow an index, without sorting") {
  const char* queries[] = {
      "SELECT asset_id FROM asset WHERE account = ? ORDER BY asset_id",
      "SELECT asset_id FROM asset WHERE account = ? AND sidecar_dirty = 1 ORDER BY asset_id LIMIT ?",
      "SELECT key FROM pending WHERE account = ? AND kind = 'metadata' AND key > ? ORDER BY key LIMIT ?",
  };
  std::vector<std::string> texts(std::begin(queries), std::end(queries));
  // What the listings really ran is taken from the connection.
  db->set_fault_hook([&](std::string_view sql) {
    if (sql.find("ORDER BY") != std::string_view::npos && sql.find("EXPLAIN") == std::string_view::npos)
      texts.emplace_back(sql);
    return 0;
  });
  const auto any = [](const auto&...) { return true; };
  for (const auto* account : {"", "newsroom"}) {
    ListFilter filter;
    filter.account = account;
    catalog.list_assets(filter, any);
    catalog.list_licenses(filter, any);
    catalog.list_files(filter, any);
    catalog.list_changes(filter, 0, any);
    catalog.list_runs(filter, any);
  }
  catalog.list_stored_files(any);
  catalog.list_sidecars(any);
  (void)catalog.due_files("newsroom", now(), {}, 10);
  (void)catalog.dirty_sidecars("newsroom", 10);
  (void)catalog.licenses_of("newsroom", "1");
  (void)catalog.files_of("newsroom", "1");
  (void)catalog.changes_of("newsroom", "1");
  db->set_fault_hook(nullptr);

  CHECK(texts.size() > 15);
  for (const auto& text : texts) {
    CAPTURE(text);
    Statement plan(*db, "EXPLAIN QUERY PLAN " + text);
    while (plan.step()) {
      CAPTURE(plan.text(3));
      CHECK(plan.text(3).find("TEMP B-TREE") == std::string::npos);
    }
  }
}

}  // namespace damsync
