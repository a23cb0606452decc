#include "storage/journal/audit_log.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "storage/base/digest.h"
#include "storage/journal/audit_chain.h"
#include "storage/ledger/spend_ledger.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// A catalog whose writes are logged as the pipeline has them: the license first, then what is told of it.
struct AuditBench : CatalogBench {
  void add(const std::string& license_id, const std::string& asset_id = "1001") {
    commit([&] {
      writer.upsert_license("newsroom", of_own_size(license_id, asset_id), "", now());
      tell(EventType::kAssetLicensed, license_id, asset_id);
      tell(EventType::kLicenseAdded, license_id, asset_id);
    });
  }
  /// Licenses of one size share a file.
  static License of_own_size(const std::string& license_id, const std::string& asset_id = "1001") {
    License license = sample_license(license_id, asset_id);
    license.size = license_id;
    return license;
  }
  void tell(EventType type, const std::string& license_id, const std::string& asset_id = "1001") {
    auto change = sample_change(type, asset_id);
    change.license_id = license_id;
    journal.append(change);
  }
  void describe(const std::string& title) {
    commit([&] {
      AssetRow row;
      row.media_type = "image/jpeg";
      row.title = title;
      row.metadata = "{\"title\":\"" + title + "\"}";
      row.raw = "{\"description\":\"" + title + "\"}";
      writer.put_description("newsroom", "1001", row, now());
      tell(EventType::kAssetUpdated, "");
    });
  }
  std::int64_t spend(const std::string& license_id) {
    SpendIntent intent;
    intent.account = "newsroom";
    intent.asset_id = "1001";
    intent.license_id = license_id;
    intent.size = license_id;
    intent.format = "jpg";
    intent.product = "standard";
    intent.at = now();
    return ledger.open(intent, {100, UtcTime{}}).spend_id;
  }
  /// Three licenses, one of them changed and one vanished since; two spends, one of them open; a report.
  void fill() {
    for (const auto* id : {"l-1", "l-2", "l-3"}) add(id);
    commit([&] {
      auto changed = of_own_size("l-2");
      changed.licensed_by = "ben";
      writer.upsert_license("newsroom", changed, "", now());
      tell(EventType::kLicenseChanged, "l-2");
    });
    commit([&] {
      writer.set_license_vanished("newsroom", "l-3", now());
      tell(EventType::kLicenseVanished, "l-3");
    });
    commit([&] {
      writer.put_file(mirrored("l-1", "newsroom/01/1001/a.jpg"));
      tell(EventType::kAssetStored, "l-1");
    });
    describe("Harbour at dawn");
    describe("Harbour at dusk");
    ledger.close_spent(spend("l-1"), {"https://files.example/1", "jpg", std::nullopt}, "done", now());
    spend("l-2");
    commit([&] { audit.append_report_published({"2026-03-15", std::string(64, 'a'), std::string(64, 'b')}, now()); });
  }
  /// What somebody with sqlite3 does: the triggers are in the way, so they go first and come back afterwards.
  void forge(const std::string& sql) {
    std::vector<std::string> triggers, texts;
    {
      Statement query(*db, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
      while (query.step()) {
        triggers.push_back(query.text(0));
        texts.push_back(query.text(1));
      }
    }
    db->execute("PRAGMA foreign_keys = OFF");
    for (const auto& name : triggers) db->execute("DROP TRIGGER " + name);
    db->execute(sql);
    for (const auto& text : texts) db->execute(text);
  }
  [[nodiscard]] std::string broken() const {
    const auto found = audit.check();
    return found ? std::to_string(found->seq) + ": " + found->what : "";
  }

  SpendLedger ledger{*db};
  AuditLog audit{*db};
};

}  // namespace

TEST_CASE_FIXTURE(AuditBench, "audit log: every change, spend decision and report has one row, and the chain fits") {
  fill();
  // origin, 6 of added licenses, changed, vanished, stored, 2 of descriptions, opened, closed, opened, report
  CHECK(audit.head().seq == 16);
  CHECK(broken() == "");
  CHECK(audit.find(1)->kind == "origin");
  CHECK(audit.find(1)->reference == "changes=0 spends=0 licenses=0");
  CHECK(audit.find_change(9)->detail.starts_with(std::string(64, 'a')));
  CHECK(audit.find_change(9)->seq == 10);
  CHECK_FALSE(audit.find_change(12));
  CHECK_FALSE(audit.find_change(0));
  REQUIRE(audit.report_rows().size() == 1);
  CHECK(audit.report_rows()[0].reference == "2026-03-15");
}

TEST_CASE_FIXTURE(AuditBench, "audit log: a person can compute a hash from the row and the one before it") {
  fill();
  const auto row = *audit.find(2);
  const auto text = audit.find(1)->hash + "\n[2," + std::to_string(to_millis(row.time)) + ",\"change\",\"1\",\"\",\"" +
                    row.digest + "\"]";
  CHECK(row.hash == sha256_hex(text));
}

TEST_CASE_FIXTURE(AuditBench, "audit log: what was rolled back leaves no row, and nothing is logged outside of it") {
  fill();
  const auto before = audit.head();
  {
    Transaction transaction(*db);
    journal.append(sample_change(EventType::kAssetUpdated));
  }
  CHECK(audit.head() == before);
  CHECK_THROWS_AS(audit.append_report_published({"r", std::string(64, 'a'), ""}, now()), DatabaseError);
  CHECK(broken().empty());
}

TEST_CASE_FIXTURE(AuditBench, "A4 audit log: rows cannot be altered, removed or put in between") {
  fill();
  for (const auto* sql : {"UPDATE audit_log SET time = 0", "DELETE FROM audit_log",
                          "INSERT INTO audit_log VALUES (99, 0, 'change', '1', '', hex(randomblob(32)),"
                          " hex(randomblob(32)))"})
    CHECK_THROWS_AS(db->execute(sql), DatabaseError);
  CHECK(broken().empty());
}

TEST_CASE("A4 audit log: whatever sqlite3 alters, removes or adds is found and named") {
  const struct {
    const char* sql;
    const char* named;
  } forgeries[] = {
      {"UPDATE audit_log SET time = time + 1 WHERE seq = 5", "5: the row itself"},
      {"UPDATE audit_log SET digest = replace(digest, 'a', 'b') WHERE seq = 1", "1: the row itself"},
      {"UPDATE audit_log SET hash = replace(hash, substr(hash, 1, 1), 'g') WHERE seq = 4", "4: the row itself"},
      {"DELETE FROM audit_log WHERE seq = 4", "4: the row is missing"},
      {"DELETE FROM audit_log WHERE seq = 1", "1: the row is missing"},
      {"DELETE FROM audit_log WHERE seq >= 15", "0: the spend ledger holds a row"},
      {"DELETE FROM audit_log WHERE seq >= 10", "0: the change feed holds a change"},
      {"UPDATE change SET time = time - 1 WHERE seq = 3", "4: the change 3 was altered"},
      {"UPDATE change SET fields = '[\"x\"]' WHERE seq = 9", "10: the change 9 was altered"},
      {"DELETE FROM change WHERE seq = 7", "5: the license newsroom:l-2 of change 4 was"},
      {"DELETE FROM audit_log WHERE seq >= 12; DELETE FROM change WHERE seq = 11",
       "11: the asset newsroom:1001 of change 10 was altered"},
      {"DELETE FROM audit_log WHERE seq >= 10; DELETE FROM change WHERE seq >= 9; DELETE FROM file",
       "0: changes were cut off"},
      {"INSERT INTO change (id, time, type, provider, account, asset_id, license_id, revision, fields) VALUES"
       " (hex(randomblob(13)), 0, 'sync.failed', 'p', 'newsroom', '', '', 0, '[]')",
       "0: the change feed holds a change"},
      {"UPDATE license SET licensed_by = 'carl' WHERE license_id = 'l-1'",
       "3: the license newsroom:l-1 of change 2 was"},
      {"UPDATE license SET licensed_by = 'anna' WHERE license_id = 'l-2'",
       "8: the license newsroom:l-2 of change 7 was"},
      {"UPDATE license SET state = 'held', vanished_at = NULL WHERE license_id = 'l-3'", "9: the license newsroom:l-3"},
      {"UPDATE license SET asset_id = '1002' WHERE license_id = 'l-1'", "3: the license newsroom:l-1"},
      {"UPDATE license SET raw = x'00' WHERE license_id = 'l-1'", "3: the license newsroom:l-1 of change 2 does not"},
      {"DELETE FROM file; DELETE FROM license WHERE license_id = 'l-1'", "3: the license newsroom:l-1"},
      {"INSERT INTO license SELECT account, 'l-9', asset_id, state, media_kind, license_type, size, format,"
       " licensed_at, licensed_at_text, licensed_by, downloadable, first_seen_at, vanished_at, details, raw_sha256,"
       " raw FROM license WHERE license_id = 'l-1'",
       "1: a change, a license"},
      {"UPDATE asset SET metadata = '{\"title\":\"Forged\"}'", "12: the asset newsroom:1001 of change 11 was altered"},
      {"UPDATE asset SET title = 'Forged'", "12: the asset newsroom:1001 of change 11 was altered"},
      {"UPDATE asset SET raw = x'00'", "12: the asset newsroom:1001 of change 11 was altered"},
      {"UPDATE file SET sha256 = replace(sha256, 'a', '0') WHERE license_id = 'l-1'",
       "10: the file of newsroom:l-1 of change 9 was given another"},
      {"DELETE FROM license_past", "8: the past that was written down before change 7"},
      {"UPDATE license_past SET licensed_by = 'carl' WHERE past_id = 2", "9: the past that was written down before"},
      {"DELETE FROM file_past WHERE past_id = 1", "9: the past that was written down before"},
      {"DELETE FROM asset_past WHERE metadata <> ''", "12: the past that was written down before change 11"},
      {"UPDATE asset_past SET metadata = replace(metadata, 'dawn', 'noon')", "12: the past that was written down"},
      {"UPDATE spend SET product = 'free' WHERE spend_id = 1", "13: the intent of spend 1 was altered"},
      {"UPDATE spend SET outcome = 'refused', provider_ref = '' WHERE spend_id = 1", "14: the spend 1 was altered"},
      {"UPDATE spend SET outcome = 'not_spent', closed_at = 0 WHERE spend_id = 2",
       "0: the spend ledger holds an outcome"},
      {"DELETE FROM spend WHERE spend_id = 2", "15: the intent of spend 2 is gone"},
  };
  for (const auto& forgery : forgeries) {
    INFO(forgery.sql);
    AuditBench bench;
    bench.fill();
    bench.forge(forgery.sql);
    CHECK(bench.broken().substr(0, std::string(forgery.named).size()) == forgery.named);
  }
}

TEST_CASE("A4 audit log: its first row covers what an older catalog held") {
  const auto grown = [](AuditBench& bench) {
    bench.fill();
    bench.forge("DELETE FROM audit_log");  // as a catalog from before the log
    bench.add("l-4", "1002");
    bench.ledger.close_unspent(2, SpendOutcome::kNotSpent, "never sent", bench.now());
    bench.commit([&] {
      auto changed = sample_license("l-1");
      changed.licensed_by = "ben";
      bench.writer.upsert_license("newsroom", changed, "", bench.now());
      bench.tell(EventType::kLicenseChanged, "l-1");
    });
  };
  {
    AuditBench bench;
    grown(bench);
    CHECK(bench.audit.find(1)->reference == "changes=11 spends=2 licenses=3");
    CHECK(bench.broken().empty());
  }
  for (const auto* sql : {"UPDATE change SET time = 1 WHERE seq = 1", "UPDATE spend SET size = 'x' WHERE spend_id = 2",
                          "UPDATE spend SET detail = 'x' WHERE spend_id = 1",
                          "UPDATE license SET raw_sha256 = hex(randomblob(32)) WHERE license_id = 'l-3'",
                          "DELETE FROM file; DELETE FROM license WHERE license_id = 'l-2'"}) {
    INFO(sql);
    AuditBench bench;
    grown(bench);
    bench.forge(sql);
    CHECK(bench.broken().substr(0, 30) == "1: a change, a license or a sp");
  }
}

TEST_CASE_FIXTURE(AuditBench, "audit log: a catalog whose log knew neither assets nor the past still fits") {
  fill();
  // As an older damsync wrote it: the same rows, without what their details say of assets, files and the past.
  std::vector<AuditRow> rows;
  for (std::int64_t seq = 1; const auto row = audit.find(seq); ++seq) rows.push_back(*row);
  forge("DELETE FROM audit_log");
  std::string before(64, '0');
  for (auto& row : rows) {
    row.detail = row.detail.substr(0, row.detail.find(' '));
    if (row.reference == "10" || row.reference == "11") row.detail.clear();
    before = audit_row_hash(before, row);
    Statement(*db, "INSERT INTO audit_log VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind_all(row.seq, row.time, row.kind, row.reference, row.detail, row.digest, before)
        .run();
  }
  CHECK(broken().empty());
  // The next change covers the whole past.
  describe("Harbour at noon");
  CHECK(broken().empty());
  forge("DELETE FROM license_past WHERE past_id = 1");
  CHECK(broken().starts_with("17: the past that was written down"));
}

}  // namespace damsync
