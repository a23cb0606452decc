#pragma once

#include <functional>
#include <memory>
#include <string>

#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/journal/change_journal.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/transaction.h"
#include "tests/support/fake_clock.h"

namespace damsync {

/// A catalog in memory with one account, `newsroom` of `shutterstock`.
struct CatalogBench {
  CatalogBench() : CatalogBench(Database::open({}, OpenMode::kInMemory)) {}
  explicit CatalogBench(Result<std::unique_ptr<Database>> opened)
      : db(std::move(opened).value()), catalog(*db), writer(*db), journal(*db, clock) {
    commit([&] { writer.ensure_account("newsroom", "shutterstock", now()); });
  }

  [[nodiscard]] UtcTime now() const { return clock.utc(); }

  /// One transaction around `body`.
  void commit(const std::function<void()>& body) {
    Transaction transaction(*db);
    body();
    transaction.commit();
  }

  Upsert upsert(const License& license, const std::string& scan_id = "") {
    Upsert answer = Upsert::kSame;
    commit([&] { answer = writer.upsert_license("newsroom", license, scan_id, now()).outcome; });
    return answer;
  }

  /// A file that was fetched for the license.
  [[nodiscard]] FileRow mirrored(const std::string& license_id, const std::string& path) const {
    auto file = *catalog.find_file("newsroom", license_id);
    file.state = FileState::kMirrored;
    file.reason.clear();
    file.path = path;
    file.bytes = 1234;
    file.sha256 = std::string(64, 'a');
    file.mirrored_at = now();
    return file;
  }

  [[nodiscard]] FileRow file(const std::string& license_id) const { return *catalog.find_file("newsroom", license_id); }

  [[nodiscard]] std::int64_t number(const std::string& sql) const {
    Statement query(*db, sql);
    query.step();
    return query.int64(0);
  }

  FakeClock clock;
  std::unique_ptr<Database> db;
  Catalog catalog;
  CatalogWriter writer;
  ChangeJournal journal;
};

/// A change of an asset of the account, as a caller reports it.
inline Change sample_change(EventType type, const std::string& asset_id = "1001") {
  Change change;
  change.type = type;
  change.provider = "shutterstock";
  change.account = "newsroom";
  change.asset_id = asset_id;
  return change;
}

/// A license of asset 1001 as Shutterstock's history would give it.
inline License sample_license(const std::string& license_id, const std::string& asset_id = "1001") {
  License license;
  license.license_id = license_id;
  license.asset_id = asset_id;
  license.license_type = "standard";
  license.size = "huge";
  license.format = "jpg";
  license.licensed_at = UtcTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31));
  license.licensed_at_text = "2026-01-30T19:00:00-05:00";
  license.licensed_by = "anna";
  license.downloadable = true;
  license.details = Json::object({{"price", Json::Number{"12.50"}}, {"subscription_id", "s-1"}});
  license.raw = R"({"id":")" + license_id + R"(","image":{"id":")" + asset_id + R"("}})";
  return license;
}

}  // namespace damsync
