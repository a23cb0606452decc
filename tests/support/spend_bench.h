#pragma once

#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/files/posix_file_ops.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/transaction.h"
#include "sync/quota/spend_guard.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_provider.h"

namespace damsync {

/// The spending side around a provider: a real catalog and store in a folder that outlives this object, so that a
/// second bench on the same folder is the next process.
class SpendBench {
 public:
  SpendBench(std::string dir, Provider& charges, FakeClock& time, std::string name = "newsroom")
      : dir_(std::move(dir)), account_(std::move(name)), clock(time) {
    ops_ = std::move(*open_store_root(dir_ + "/store"));
    store_ = std::make_unique<FileStore>(*ops_);
    if (auto opened = store_->open("store-1", false); !opened) throw std::runtime_error(opened.error().message);
    rules.may_consume = true;
    rules.budget_per_day = 1000;
    rules.day_start = [](UtcTime now) { return UtcTime(std::chrono::floor<std::chrono::days>(now)); };
    guard = std::make_unique<SpendGuard>(
        SpendGuard::Parts{account_, charges, catalog, ledger, mark, brake, *store_, rules, clock, log});
  }

  /// Puts the licenses into the catalog, as a poll does.
  void hold(const std::vector<License>& licenses) {
    Transaction tx(*db);
    writer_.ensure_account(account_, "scripted", clock.utc());
    for (const auto& license : licenses) writer_.upsert_license(account_, license, "", clock.utc());
    tx.commit();
  }

  Result<DownloadSource> acquire(const std::string& license_id) {
    return guard->acquire(*catalog.find_license(account_, license_id), {}, stop.get_token());
  }
  /// The file of the license is in the store, or was.
  void put_file(const std::string& license_id, FileState state) {
    const auto license = *catalog.find_license(account_, license_id);
    Transaction tx(*db);
    writer_.put_file({account_, license.provider, license.asset_id, license_id, license.size, license.format, state, "",
                      "a/" + license_id, 1, std::string(64, 'a'), clock.utc(), clock.utc()});
    tx.commit();
  }
  Status settle() { return guard->settle(stop.get_token()); }

  /// `license outcome` of every row, oldest first.
  [[nodiscard]] std::vector<std::string> book() const {
    std::vector<std::string> out;
    ledger.list({}, [&](const SpendRow& row) {
      out.push_back(row.license_id + " " + (row.outcome ? to_word(*row.outcome) : row.parked() ? "parked" : "open"));
      return true;
    });
    return out;
  }
  /// Rows whose call was or may have been executed.
  [[nodiscard]] std::int64_t claims() const {
    std::int64_t count = 0;
    ledger.list({}, [&](const SpendRow& row) { return count += row.claims() ? 1 : 0, true; });
    return count;
  }

 private:
  std::string dir_, account_;
  int null_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor_;

 public:
  FakeClock& clock;
  Log log{null_, clock, redactor_};
  std::unique_ptr<Database> db = std::move(*Database::open(dir_ + "/catalog.db", OpenMode::kWrite));
  Catalog catalog{*db};
  SpendLedger ledger{*db};
  SpendMark mark{*db};
  SpendBrake brake{*db};
  SpendRules rules;
  std::stop_source stop;
  std::unique_ptr<SpendGuard> guard;

 private:
  CatalogWriter writer_{*db};
  std::unique_ptr<FileOps> ops_;
  std::unique_ptr<FileStore> store_;
};

}  // namespace damsync
