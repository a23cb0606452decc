#include "storage/catalog/audit_reader.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "storage/catalog/pending_kind.h"
#include "storage/catalog/plan_book.h"
#include "storage/journal/audit_log.h"
#include "storage/ledger/spend_ledger.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// A license row of a snapshot, kept.
struct Seen {
  std::string asset_id, license_id, state, type, asset_state, metadata, file_state, path;
  bool described_before = false;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> read_all(Database& db, std::optional<UtcTime> past = {}) {
  std::vector<Seen> out;
  AuditReader(db, past).licenses([&](const AuditLicense& l) {
    out.push_back({std::string(l.asset_id), std::string(l.license_id), std::string(l.state),
                   std::string(l.license_type), std::string(l.asset_state), std::string(l.metadata),
                   std::string(l.file_state), std::string(l.path), l.described_before});
    return true;
  });
  return out;
}

struct PastBench : CatalogBench {
  void describe(const std::string& title) {
    AssetRow described;
    described.metadata = R"({"title":")" + title + R"("})";
    commit([&] { writer.put_description("newsroom", "1001", described, now()); });
  }
  UtcTime tomorrow() {
    clock.advance(std::chrono::hours(24));
    return now();
  }
};

}  // namespace

TEST_CASE("audit reader: licenses come in asset and license order, each with its asset and its file") {
  CatalogBench bench;
  for (const char* id : {"e3", "e1"}) bench.upsert(sample_license(id, "1002"));
  bench.upsert(sample_license("e9", "1001"));

  const auto rows = read_all(*bench.db);

  REQUIRE(rows.size() == 3);
  CHECK(rows[0].license_id == "e9");
  CHECK(rows[1].license_id == "e1");
  CHECK(rows[2].license_id == "e3");
  CHECK(rows[0].file_state == "pending");
  CHECK(rows[0].asset_state == "unknown");
  CHECK(AuditReader(*bench.db, {}).count_licenses() == 3);
}

TEST_CASE("audit reader: what is overwritten is still there as of an earlier day") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  const auto licensed = bench.now();
  const auto described = bench.tomorrow();
  bench.describe("Harbour");
  const auto mirrored = bench.tomorrow();
  bench.commit([&] { bench.writer.put_file(bench.mirrored("e1", "newsroom/10/1001/a.jpg")); });
  const auto edited = bench.tomorrow();
  bench.describe("Harbour at dawn");
  const auto withdrawn = bench.tomorrow();
  bench.commit([&] { bench.writer.set_withdrawn("newsroom", "1001", withdrawn); });
  const auto lost = bench.tomorrow();
  bench.commit([&] { bench.writer.put_verified("newsroom/10/1001/a.jpg", FileState::kMissing, lost); });
  const auto vanished = bench.tomorrow();
  bench.commit([&] { bench.writer.set_license_vanished("newsroom", "e1", vanished); });

  const auto at = [&](UtcTime time) {
    const auto rows = read_all(*bench.db, time);
    REQUIRE(rows.size() == 1);
    return rows[0];
  };
  CHECK(read_all(*bench.db, sample_license("e1").licensed_at - Millis(1)).empty());
  CHECK(at(licensed).asset_state == "unknown");
  CHECK(at(described).metadata == R"({"title":"Harbour"})");
  CHECK(at(described).file_state == "pending");
  CHECK(at(mirrored).file_state == "mirrored");
  CHECK(at(edited - Millis(1)).metadata == R"({"title":"Harbour"})");
  CHECK(at(edited).metadata == R"({"title":"Harbour at dawn"})");
  CHECK(at(withdrawn - Millis(1)).asset_state == "active");
  CHECK(at(withdrawn).asset_state == "withdrawn");
  CHECK(at(lost - Millis(1)).file_state == "mirrored");
  CHECK(at(lost).file_state == "missing");
  CHECK(at(vanished - Millis(1)).state == "held");
  CHECK(at(vanished).state == "vanished");
  CHECK(at(vanished) == read_all(*bench.db)[0]);
}

TEST_CASE("audit reader: a change without a time of its own counts from the machine's clock") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  auto changed = sample_license("e1");
  changed.license_type = "enhanced";
  bench.upsert(changed);

  CHECK(read_all(*bench.db)[0].type == "enhanced");
  CHECK(read_all(*bench.db, SystemClock().utc() - std::chrono::minutes(1))[0].type == "standard");
  CHECK(read_all(*bench.db, SystemClock().utc() + std::chrono::minutes(1))[0].type == "enhanced");
}

TEST_CASE("audit reader: what is refreshed without a change leaves nothing behind") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  bench.describe("Harbour");
  bench.commit([&] { bench.writer.put_file(bench.mirrored("e1", "a.jpg")); });
  const auto before = bench.number("SELECT count(*) FROM asset_past") + bench.number("SELECT count(*) FROM file_past");

  bench.tomorrow();
  bench.upsert(sample_license("e1"));
  bench.describe("Harbour");
  bench.commit([&] {
    bench.writer.put_verified("a.jpg", FileState::kMirrored, bench.now());
    bench.writer.touch_checked("newsroom", "1001", bench.now());
  });

  CHECK(before == 1);  // the asset was not described once
  CHECK(bench.number("SELECT count(*) FROM asset_past") + bench.number("SELECT count(*) FROM file_past") == 1);
  CHECK(bench.number("SELECT count(*) FROM license_past") == 0);
}

TEST_CASE("audit reader: the past refuses to be altered or removed") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  bench.describe("Harbour");
  for (const char* sql : {"DELETE FROM asset_past", "UPDATE asset_past SET metadata = '{}'"})
    CHECK_THROWS_AS(bench.db->execute(sql), DatabaseError);
}

TEST_CASE("audit reader: earlier descriptions are those that were replaced until then") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  bench.describe("Harbour");
  const auto edited = bench.tomorrow();
  bench.describe("Dawn");

  CHECK(read_all(*bench.db)[0].described_before);
  const auto past = AuditReader(*bench.db, {}).descriptions("newsroom", "1001");
  REQUIRE(past.size() == 1);
  CHECK(past[0].metadata == R"({"title":"Harbour"})");
  CHECK(past[0].until == edited);
  CHECK(AuditReader(*bench.db, edited - Millis(1)).descriptions("newsroom", "1001").empty());
}

TEST_CASE("audit reader: plans of a past day are those of its latest reading") {
  PastBench bench;
  PlanBook book(*bench.db);
  const auto read = [&](std::int64_t left) {
    Plan plan;
    plan.plan_id = "p";
    plan.left = left;
    bench.commit([&] { book.replace("newsroom", {plan}, bench.now()); });
  };
  read(100);
  const auto first = bench.now();
  const auto second = bench.tomorrow();
  read(7);

  CHECK(AuditReader(*bench.db, first - Millis(1)).plans().empty());
  CHECK(AuditReader(*bench.db, first).plans().at(0).plan.left == 100);
  CHECK(AuditReader(*bench.db, second).plans().at(0).plan.left == 7);
  CHECK(AuditReader(*bench.db, {}).plans().size() == 1);
}

TEST_CASE("audit reader: a reading that told of no plan leaves none, then and later") {
  PastBench bench;
  PlanBook book(*bench.db);
  const auto read = [&](const std::vector<Plan>& plans) {
    bench.commit([&] { book.replace("newsroom", plans, bench.now()); });
    return bench.now();
  };
  Plan plan;
  plan.plan_id = "p";
  const auto first = read({plan});
  bench.tomorrow();
  const auto none = read({});
  CHECK(AuditReader(*bench.db, {}).plans().empty());
  CHECK(AuditReader(*bench.db, none).plans().empty());
  bench.tomorrow();
  const auto again = read({plan});

  CHECK(AuditReader(*bench.db, none - Millis(1)).plans().at(0).read_at == first);
  CHECK(AuditReader(*bench.db, none).plans().empty());
  CHECK(AuditReader(*bench.db, none).plans_read_at("newsroom") == none);
  CHECK(AuditReader(*bench.db, {}).plans().at(0).read_at == again);
  CHECK_FALSE(AuditReader(*bench.db, first - Millis(1)).plans_read_at("newsroom"));
}

TEST_CASE("audit reader: paid calls are those of one asset, under whatever name the account went then") {
  PastBench bench;
  bench.commit([&] {
    bench.writer.ensure_account("desk", "shutterstock", bench.now());
    bench.writer.ensure_account("archive", "other", bench.now());
    for (const char* account : {"newsroom", "desk", "archive"})
      for (const char* asset : {"1001", "1002"})
        bench.writer.upsert_license(account, sample_license(std::string(account) + asset, asset), "", bench.now());
  });
  SpendLedger ledger(*bench.db);
  const auto spend = [&](const char* account, const std::string& asset) {
    const auto opened = ledger.open({account, asset, account + asset, account, "jpg", "p", 0, bench.now(), {}},
                                    {10, bench.now() - std::chrono::hours(24)});
    ledger.close_spent(opened.spend_id, {}, "", bench.now());
    return opened.spend_id;
  };
  const auto first = spend("desk", "1001");
  spend("newsroom", "1002");
  spend("archive", "1001");
  const auto then = bench.now();
  bench.tomorrow();
  const auto last = spend("newsroom", "1001");

  const auto ids = [&](std::optional<UtcTime> past) {
    std::vector<std::int64_t> out;
    for (const auto& call : AuditReader(*bench.db, past).paid_calls("shutterstock", "1001"))
      out.push_back(call.spend_id);
    return out;
  };
  CHECK(ids({}) == std::vector<std::int64_t>{first, last});
  CHECK(ids(then) == std::vector<std::int64_t>{first});
}

TEST_CASE("audit reader: a license that was taken by then and learned of later is as it was first known") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  bench.describe("Harbour");
  bench.commit([&] { bench.writer.put_file(bench.mirrored("e1", "a.jpg")); });
  const auto before = bench.now() - std::chrono::hours(24);
  bench.tomorrow();
  bench.describe("Harbour at dawn");
  bench.commit([&] { bench.writer.set_license_vanished("newsroom", "e1", bench.now()); });

  int count = 0;
  AuditReader(*bench.db, before).licenses([&](const AuditLicense& l) {
    CHECK(l.learned_later);
    CHECK(l.state == "held");
    CHECK(l.metadata == R"({"title":"Harbour"})");
    CHECK(l.file_state == "pending");
    return ++count > 0;
  });
  CHECK(count == 1);
}

TEST_CASE("audit reader: rows come as the tables lie, now and of the past") {
  PastBench bench;
  for (const auto& past : {std::optional<UtcTime>(), std::optional(bench.now())}) {
    Statement plan(*bench.db, "EXPLAIN QUERY PLAN " + AuditReader(*bench.db, past).licenses_sql());
    int steps = 0;
    for (; plan.step(); ++steps) {
      const std::string step = plan.text(3);
      CHECK_MESSAGE(step.find("TEMP B-TREE") == std::string::npos, step);
      const bool whole_table =
          step.starts_with("SCAN") && step.find("SCAN c") != 0 && step.find("CONSTANT") > step.size();
      CHECK_MESSAGE(!whole_table, step);
    }
    CHECK(steps > 3);
  }
}

TEST_CASE("audit reader: what was set aside is missing until it is read after all") {
  PastBench bench;
  const auto reject = [&](const char* key) {
    bench.commit([&] {
      bench.writer.put_pending(
          {"newsroom", PendingKind::kRejected, key, 1, std::nullopt, "image: is missing", bench.now()});
    });
  };
  reject("license e1");
  reject("license e2");
  auto missing = AuditReader(*bench.db, {}).rejected();
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].count == 2);
  CHECK(missing[0].keys == std::vector<std::string>{"license e1", "license e2"});
  CHECK(AuditReader(*bench.db, {}).history_reading("newsroom", bench.now())->expected == 2);
  CHECK(AuditReader(*bench.db, bench.now()).rejected().at(0).count == 2);
  CHECK(AuditReader(*bench.db, bench.now() - Millis(1)).rejected().empty());

  bench.tomorrow();
  bench.upsert(sample_license("e1"));
  missing = AuditReader(*bench.db, {}).rejected();
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].keys == std::vector<std::string>{"license e2"});

  bench.commit([&] { bench.writer.settle_rejected("newsroom", "license", {"license e2"}, bench.now()); });
  CHECK(AuditReader(*bench.db, {}).rejected().size() == 1);
  bench.commit([&] { bench.writer.settle_rejected("newsroom", "license", {}, bench.now()); });
  CHECK(AuditReader(*bench.db, {}).rejected().empty());
  CHECK(AuditReader(*bench.db, bench.now()).rejected().empty());
  CHECK(AuditReader(*bench.db, bench.now() - Millis(1)).rejected().size() == 1);  // of the past it stays so
}

TEST_CASE("audit reader: an image that was never described is missing, once, and a video is not") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  auto video = sample_license("e2", "2002");
  video.media_kind = "video";
  bench.upsert(video);
  const auto then = bench.now();
  CHECK(AuditReader(*bench.db, {}).waiting().at(0).keys == std::vector<std::string>{"1001"});
  bench.commit([&] { bench.writer.clear_pending("newsroom", PendingKind::kMetadata, "1001"); });
  REQUIRE(AuditReader(*bench.db, {}).undescribed().size() == 1);
  CHECK(AuditReader(*bench.db, {}).undescribed()[0].keys == std::vector<std::string>{"1001"});

  bench.commit([&] {
    bench.writer.put_pending({"newsroom", PendingKind::kMetadata, "1001", 1, bench.now(), "HTTP 500", bench.now()});
  });
  CHECK(AuditReader(*bench.db, {}).undescribed().empty());
  CHECK(AuditReader(*bench.db, {}).waiting().at(0).reason == "HTTP 500");

  bench.tomorrow();
  bench.describe("Harbour");
  CHECK(AuditReader(*bench.db, {}).waiting().empty());
  CHECK(AuditReader(*bench.db, {}).undescribed().empty());
  CHECK(AuditReader(*bench.db, then).undescribed().at(0).count == 1);
}

TEST_CASE("audit reader: an asset that is only looked at again waits for nothing, unless that fails") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  bench.describe("Harbour");
  const auto waits = [&](int attempts, const char* reason) {
    bench.commit([&] {
      bench.writer.clear_pending("newsroom", PendingKind::kMetadata);
      bench.writer.put_pending(
          {"newsroom", PendingKind::kMetadata, "1001", attempts, bench.now(), reason, bench.now()});
      bench.writer.want_recheck("newsroom", "1001", "full cycle", bench.now());
    });
    return !AuditReader(*bench.db, {}).waiting().empty();
  };
  CHECK_FALSE(waits(0, "regular recheck"));
  CHECK(waits(1, "HTTP 500"));
  CHECK(waits(0, kChangeAnnounced));
  CHECK(waits(0, kDeletionAnnounced));
}

TEST_CASE("audit reader: the state of a file is as old as what it replaced, however often it is verified") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  bench.commit([&] { bench.writer.put_file(bench.mirrored("e1", "a.jpg")); });
  const auto lost = bench.tomorrow();
  bench.commit([&] { bench.writer.put_verified("a.jpg", FileState::kMissing, lost); });
  bench.tomorrow();
  bench.commit([&] { bench.writer.put_verified("a.jpg", FileState::kMissing, bench.now()); });

  AuditReader reader(*bench.db, {});
  std::optional<UtcTime> since;
  reader.licenses([&](const AuditLicense& l) { return since = reader.file_state_since(l), true; });
  CHECK(since == lost);
}

TEST_CASE("audit reader: assets of an account without licenses are listed, those with licenses are not") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  bench.commit([&] {
    bench.writer.ensure_account("archive", "getty-connect", bench.now());
    bench.writer.add_asset("archive", "77", bench.now());
  });
  std::vector<std::string> ids;
  AuditReader(*bench.db, {}).unlicensed_assets([&](const AuditAsset& a) {
    return ids.push_back(std::string(a.account) + " " + std::string(a.asset_id)), true;
  });
  CHECK(ids == std::vector<std::string>{"archive 77"});
}

TEST_CASE("audit reader: I11 coverage of a past day is what began by then") {
  PastBench bench;
  const auto start = bench.now();
  bench.commit([&] {
    bench.writer.add_coverage({"newsroom", "licenses", start, start + std::chrono::hours(48)});
    bench.writer.add_coverage({"newsroom", "licenses", start + std::chrono::hours(60), start + std::chrono::hours(72)});
  });

  const auto rows = AuditReader(*bench.db, start + std::chrono::hours(24)).coverage();

  REQUIRE(rows.size() == 1);
  CHECK(rows[0].from == start);
}

TEST_CASE("audit reader: a reading of the history counts what it saw of what is held") {
  PastBench bench;
  bench.upsert(sample_license("e1"), "01KKQ0000000000000000000AA");
  bench.upsert(sample_license("e2"));
  const auto reading = AuditReader(*bench.db, {}).history_reading("newsroom", bench.now());
  REQUIRE(reading);
  CHECK(reading->expected == 2);
  CHECK(reading->seen == 1);
}

TEST_CASE(
    "audit reader: the earlier report is the newest of an earlier date in the same chain, and changes follow it") {
  PastBench bench;
  const auto report = [&](const std::string& name) {
    Change change;
    change.type = EventType::kReportCompleted;
    change.fields = {name.substr(name.rfind('/') + 1)};
    bench.commit([&] {
      AuditLog(*bench.db).append_report_published({name, std::string(64, 'a'), std::string(64, 'b')}, bench.now());
      bench.journal.append(change);
    });
  };
  report("2026-03-14");
  bench.upsert(sample_license("e1"));
  bench.commit([&] { bench.journal.append(sample_change(EventType::kAssetLicensed)); });
  report("/srv/other/2026-03-14");
  bench.tomorrow();
  report("2026-03-15.2");

  AuditReader reader(*bench.db, {});
  CHECK_FALSE(reader.last_report_before("2026-03-14", ""));
  const auto mark = reader.last_report_before("2026-03-15", "");
  REQUIRE(mark);
  CHECK(mark->seq == 1);
  CHECK(reader.last_report_before("2026-03-15", "/srv/other")->seq == 3);
  CHECK_FALSE(reader.last_report_before("2026-03-15", "/srv"));
  int count = 0;
  reader.changes(*mark, [&](const Change&) { return ++count > 0; });
  CHECK(count == 3);
}

TEST_CASE("audit reader: a report that was written late covers what it is about, and no more") {
  PastBench bench;
  bench.upsert(sample_license("e1"));
  const auto change = [&] {
    bench.commit([&] { bench.journal.append(sample_change(EventType::kAssetLicensed)); });
    return bench.now();
  };
  const auto report = [&](const std::string& date, UtcTime as_of) {
    Change event;
    event.type = EventType::kReportCompleted;
    event.fields = {date, "high=1", "judged_at=" + format_rfc3339(as_of), "as_of=" + format_rfc3339(as_of)};
    bench.commit([&] {
      AuditLog(*bench.db).append_report_published({date, std::string(64, 'a'), std::string(64, 'b')}, bench.now());
      bench.journal.append(event);
    });
  };
  change();
  const auto night = bench.now() + std::chrono::minutes(1);
  bench.tomorrow();
  change();
  report("2026-03-14", night);
  report("2026-03-15", night + std::chrono::hours(1));

  const auto mark = AuditReader(*bench.db, {}).last_report_before("2026-03-15", "");
  REQUIRE(mark);
  CHECK(mark->as_of == night);
  CHECK(mark->judged_at == night);
  CHECK(mark->seq == 1);
  std::vector<EventType> types;
  AuditReader(*bench.db, {}).changes(*mark, [&](const Change& c) { return types.push_back(c.type), true; });
  CHECK(std::count(types.begin(), types.end(), EventType::kAssetLicensed) == 1);

  const auto made_up = AuditReader(*bench.db, night + std::chrono::hours(2)).last_report_before("2026-03-16", "");
  REQUIRE(made_up);  // another night that is made up on that day
  CHECK(made_up->as_of == night + std::chrono::hours(1));
  CHECK_FALSE(AuditReader(*bench.db, night - Millis(1)).last_report_before("2026-03-16", ""));
}

}  // namespace damsync
