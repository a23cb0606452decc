#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/files/posix_file_ops.h"
#include "storage/sqlite/transaction.h"
#include "sync/adopt/adopter.h"
#include "sync/http/json_reader.h"
#include "sync/providers/offline_connection.h"
#include "sync/sidecar/json_writer.h"
#include "sync/sidecar/xmp_writer.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_provider.h"

namespace damsync {

/// A catalog and a store in a given folder, with one account at each of two providers and nothing that could reach
/// them: licenses are put into the catalog by hand, files into `incoming/`.
class AdoptBench {
 public:
  explicit AdoptBench(const std::filesystem::path& state) : state_(state) {
    std::filesystem::create_directories(state / "incoming");
    ops_ = std::move(*open_store_root((state / "store").string()));
    store_ = std::make_unique<FileStore>(*ops_);
    if (auto opened = store_->open("store-1", false); !opened) throw std::runtime_error(opened.error().message);
    (void)store_->sweep();
    writers_.push_back(std::make_unique<XmpWriter>());
    writers_.push_back(std::make_unique<JsonWriter>());
    Transaction tx(*db_);
    writer_.ensure_account("newsroom", "shutterstock", clock.utc());
    writer_.ensure_account("photo-desk", "getty", clock.utc());
    writer_.put_setting("store_id", "store-1");
    tx.commit();
  }

  /// A license whose file is not in the store.
  License& hold(const std::string& account, const std::string& asset_id, const std::string& license_id,
                const std::string& size = "huge", const std::string& format = "jpg") {
    License license;
    license.license_id = license_id;
    license.asset_id = asset_id;
    license.license_type = "standard";
    license.size = size;
    license.format = format;
    license.licensed_at = clock.utc();
    license.licensed_at_text = format_rfc3339(license.licensed_at);
    license.raw = "{\"id\":\"" + license_id + "\"}";
    licenses_.push_back(license);
    Transaction tx(*db_);
    writer_.upsert_license(account, license, "", clock.utc());
    tx.commit();
    return licenses_.back();
  }
  /// What the provider says of an asset that is held.
  void describe(const std::string& account, const std::string& asset_id, std::vector<Rendition> renditions) {
    AssetMetadata metadata;
    metadata.caption = "Picture " + asset_id;
    metadata.renditions = std::move(renditions);
    AssetRow row = *catalog_.find_asset(account, asset_id);
    row.metadata = write_json(to_json(metadata), JsonStyle::kCanonical);
    row.raw = "{}";
    Transaction tx(*db_);
    writer_.put_description(account, asset_id, row, clock.utc());
    tx.commit();
  }

  /// The stream was read to its end.
  void synced(const std::string& account, const std::string& stream) {
    Transaction tx(*db_);
    writer_.put_stream({account, stream, "c-1", clock.utc(), clock.utc(), ""});
    tx.commit();
  }

  std::string offer(const std::string& name, const std::string& bytes) const {
    const auto path = state_ / "incoming" / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  [[nodiscard]] std::string incoming() const { return (state_ / "incoming").string(); }

  Result<AdoptSummary> adopt(AdoptOptions options) {
    told.clear();
    Adopter::Parts parts{
        {}, (state_ / "store").string(), min_free, {}, [this](const AdoptedFile& file) { told.push_back(file); }};
    std::deque<Cycle> cycles;
    std::vector<std::unique_ptr<AccountConnection>> connections;
    for (const auto& [account, provider] : accounts) {
      if (!options.account.empty() && options.account != account) continue;
      connections.push_back(std::move(*make_offline_connection(account, provider)));
      cycles.push_back(Cycle{account,
                             connections.back()->provider(),
                             connections.back()->downloads(),
                             *db_,
                             catalog_,
                             writer_,
                             journal_,
                             options.dry_run ? nullptr : store_.get(),
                             layout_,
                             writers_,
                             clock,
                             log_,
                             policy_,
                             {},
                             {},
                             {}});
      parts.accounts.push_back(&cycles.back());
    }
    if (options.paths.empty()) options.paths = {incoming()};
    return Adopter(std::move(parts), std::move(options)).run(stop.get_token());
  }
  AdoptSummary adopted(AdoptMode mode = AdoptMode::kCopy) {
    auto summary = adopt({.paths = {}, .account = {}, .mode = mode, .dry_run = false});
    if (!summary) throw std::runtime_error(summary.error().message);
    return *summary;
  }

  /// `adopted`, `refused`, … of the file of that name in the last run; empty when it was not told.
  [[nodiscard]] std::string result(const std::string& name) const {
    for (const auto& file : told)
      if (file.path.ends_with("/" + name)) return to_word(file.result);
    return "";
  }
  [[nodiscard]] std::string reason(const std::string& name) const {
    for (const auto& file : told)
      if (file.path.ends_with("/" + name)) return file.reason;
    return "";
  }
  [[nodiscard]] FileRow file(const std::string& account, const std::string& license_id) const {
    return *catalog_.find_file(account, license_id);
  }
  /// Every file that people may see in the store, and everything in `incoming/`, with its bytes.
  [[nodiscard]] std::map<std::string, std::string> everything() const {
    std::map<std::string, std::string> files;
    for (const char* root : {"store", "incoming"})
      for (const auto& entry : std::filesystem::recursive_directory_iterator(state_ / root)) {
        const auto name = entry.path().lexically_relative(state_).string();
        if (!entry.is_regular_file() || name.starts_with("store/.damsync")) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        files[name] = {std::istreambuf_iterator<char>(in), {}};
      }
    return files;
  }
  [[nodiscard]] std::vector<std::string> events() const {
    std::vector<std::string> out;
    catalog_.list_changes({}, 0, [&](const Change& change) {
      out.push_back(std::string(to_word(change.type)) + " " + change.asset_id + " " + change.license_id);
      return true;
    });
    return out;
  }
  [[nodiscard]] std::filesystem::path stored(const std::string& path) const { return state_ / "store" / path; }
  Catalog& catalog() { return catalog_; }

  FakeClock clock;
  std::stop_source stop;
  std::int64_t min_free = 0;
  std::vector<AdoptedFile> told;
  std::vector<std::pair<std::string, std::string>> accounts{{"newsroom", "shutterstock"}, {"photo-desk", "getty"}};

 private:
  std::filesystem::path state_;
  int null_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor_;
  Log log_{null_, clock, redactor_};
  Policy policy_;
  PathLayout layout_ = *PathLayout::parse("{account}/{shard}/{asset_id}/{name}");
  std::vector<std::unique_ptr<SidecarWriter>> writers_;
  std::deque<License> licenses_;
  std::unique_ptr<Database> db_ = std::move(*Database::open((state_ / "catalog.db").string(), OpenMode::kWrite));
  Catalog catalog_{*db_};
  CatalogWriter writer_{*db_};
  ChangeJournal journal_{*db_, clock};
  std::unique_ptr<FileOps> ops_;
  std::unique_ptr<FileStore> store_;
};

}  // namespace damsync
