#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/files/posix_file_ops.h"
#include "storage/journal/audit_log.h"
#include "sync/pipeline/run.h"
#include "sync/sidecar/json_writer.h"
#include "sync/sidecar/xmp_writer.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_transport.h"
#include "tests/support/scripted_provider.h"
#include "tests/support/temp_dir.h"

namespace damsync {

/// The whole engine around a scripted provider: a real catalog and a real store in a temporary folder, and a file host
/// that has an image for every asset.
class CycleBench {
 public:
  CycleBench() { reopen(); }
  /// On the state that stands in `existing`, which is left behind.
  explicit CycleBench(const std::filesystem::path& existing) : dir(existing) { reopen(); }

  /// Whatever happened: the audit log tells of all that stands in the catalog, and nothing else.
  ~CycleBench() {
    if (!db_) return;
    db_->set_fault_hook(nullptr);
    const auto broken = AuditLog(*db_).check();
    CHECK_MESSAGE(!broken, "audit log, row " << (broken ? broken->seq : 0) << ": " << (broken ? broken->what : ""));
  }
  CycleBench(const CycleBench&) = delete;
  CycleBench& operator=(const CycleBench&) = delete;

  /// A new process on the same state.
  void reopen() {
    store_.reset();
    ops_.reset();
    db_.reset();
    db_ = std::move(*Database::open(catalog_path(), OpenMode::kWrite));
    catalog_ = std::make_unique<Catalog>(*db_);
    writer_ = std::make_unique<CatalogWriter>(*db_);
    journal_ = std::make_unique<ChangeJournal>(*db_, clock);
    ops_ = std::move(*open_store_root(dir / "store"));
    store_ = std::make_unique<FileStore>(wrap_ops ? *(wrapped_ = wrap_ops(*ops_)) : *ops_);
    if (auto opened = store_->open("store-1", false); !opened) throw std::runtime_error(opened.error().message);
    (void)store_->sweep();
    Transaction tx(*db_);
    writer_->ensure_account("newsroom", "scripted", clock.utc());
    tx.commit();
  }

  /// What a change made by hand owes the feed, within its transaction.
  void tell(EventType type, const std::string& asset_id) {
    Change change;
    change.type = type;
    change.provider = "scripted";
    change.account = "newsroom";
    change.asset_id = asset_id;
    change.fields = {"state"};
    journal_->append(std::move(change));
  }

  AccountSummary cycle() { return cycle(policy); }
  AccountSummary cycle(const Policy& rules) {
    transport.fallback([this](const HttpRequest& request) { return serve(request); });
    Cycle cycle = make_cycle(rules);
    SyncRun(cycle).run(stop.get_token());
    return cycle.summary;
  }
  /// One step of a cycle.
  void with_cycle(const std::function<void(Cycle&)>& step) {
    Cycle cycle = make_cycle(policy);
    step(cycle);
  }

  /// Every file below the store root that people may see, with its bytes.
  [[nodiscard]] std::map<std::string, std::string> visible_files() const {
    std::map<std::string, std::string> files;
    const auto root = std::filesystem::path(dir / "store");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const auto name = entry.path().lexically_relative(root).string();
      if (!entry.is_regular_file() || name.starts_with(".damsync")) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[name] = {std::istreambuf_iterator<char>(in), {}};
    }
    return files;
  }
  [[nodiscard]] std::vector<FileRow> files(const std::string& state = "") const {
    std::vector<FileRow> rows;
    ListFilter filter;
    filter.state = state;
    catalog_->list_files(filter, [&](const FileRow& row) { return rows.push_back(row), true; });
    return rows;
  }
  [[nodiscard]] std::vector<std::string> events() const {
    std::vector<std::string> out;
    catalog_->list_changes({}, 0, [&](const Change& change) {
      out.push_back(std::string(to_word(change.type)) + " " + change.asset_id + " " + change.license_id);
      return true;
    });
    return out;
  }

  [[nodiscard]] std::string catalog_path() const { return dir / "catalog.db"; }
  static std::string image_of(const std::string& asset_id) { return tiny_jpeg(600, 400, "asset " + asset_id); }
  static std::string path_of(const std::string& asset_id) {
    return "newsroom/" + shard_of(asset_id) + "/" + asset_id + "/scripted_" + asset_id + "-huge.jpg";
  }

  Catalog& catalog() { return *catalog_; }
  Database& db() { return *db_; }
  FileStore& store() { return *store_; }

  TempDir dir;
  FakeClock clock;
  std::string account = "newsroom";  ///< whose cycles these are
  ScriptedProvider provider;
  FakeTransport transport;
  Policy policy;
  std::vector<PlannedAction> plan;
  std::stop_source stop;
  std::map<std::string, std::string> bodies;  ///< what the file host sends instead, by asset id
  std::function<std::optional<Error>(const std::string& asset_id)> host_fault;  ///< of the file host
  std::function<std::unique_ptr<FileOps>(FileOps&)> wrap_ops;
  PathLayout layout = *PathLayout::parse("{account}/{shard}/{asset_id}/{name}");
  std::vector<std::unique_ptr<SidecarWriter>> writers = make_writers();

 private:
  Cycle make_cycle(const Policy& rules) {
    {
      Transaction tx(*db_);
      writer_->ensure_account(account, "scripted", clock.utc());
      tx.commit();
    }
    return Cycle{account,
                 provider,
                 transport,
                 *db_,
                 *catalog_,
                 *writer_,
                 *journal_,
                 rules.dry_run ? nullptr : store_.get(),
                 layout,
                 writers,
                 clock,
                 log,
                 rules,
                 {},
                 [this](const PlannedAction& action) { plan.push_back(action); },
                 {}};
  }

  static std::vector<std::unique_ptr<SidecarWriter>> make_writers() {
    std::vector<std::unique_ptr<SidecarWriter>> all;
    all.push_back(std::make_unique<XmpWriter>());
    all.push_back(std::make_unique<JsonWriter>());
    return all;
  }

  Result<HttpResponse> serve(const HttpRequest& request) {
    const auto& target = request.url.target();
    const auto id = target.substr(1, target.find(".jpg") - 1);
    if (host_fault)
      if (auto error = host_fault(id)) return *error;
    const auto other = bodies.find(id);
    return HttpResponse{
        200, {{"Content-Type", "image/jpeg"}}, other != bodies.end() ? other->second : image_of(id), request.url};
  }

  int null_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor;
  Log log{null_, clock, redactor};
  std::unique_ptr<Database> db_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<CatalogWriter> writer_;
  std::unique_ptr<ChangeJournal> journal_;
  std::unique_ptr<FileOps> ops_, wrapped_;
  std::unique_ptr<FileStore> store_;
};

}  // namespace damsync
