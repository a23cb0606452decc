#include "tests/crash/small_world.h"

#include <pugixml.hpp>

#include <algorithm>
#include <iterator>
#include <regex>

#include "storage/sqlite/statement.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

const std::string kEps = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 40\n0 0 40 40 rectfill\n%%EOF\n";

constexpr int kFirstLicenses = 12;

void add_first(ScriptedProvider& provider, std::map<std::string, std::string>& bodies) {
  for (int i = 1; i <= 8; ++i) provider.add(std::to_string(100 + i), "e" + std::to_string(i));
  provider.add("101", "e9");  // the same rendition once more
  auto& vector = provider.add("109", "e10");
  vector.size = "vector";
  vector.format = "eps";
  bodies["109"] = kEps;
  provider.add("110", "e11");
  provider.not_downloadable = {"e11"};
  provider.add("111", "e12").downloadable = false;
}

void change(CycleBench& bench) {
  auto& provider = bench.provider;
  bench.clock.advance(std::chrono::hours(24 * 8));
  const UtcTime yesterday = bench.clock.utc() - std::chrono::hours(24);
  provider.assets["102"].caption = "Edited";
  provider.assets.erase("103");
  provider.notices = {{"102", false, yesterday}, {"103", true, yesterday}};
  std::erase_if(provider.history, [](const License& license) { return license.license_id == "e4"; });
  provider.add("120", "e20");
  provider.add("105", "e21").license_type = "enhanced";
}

void add_more(CycleBench& bench) {
  bench.clock.advance(std::chrono::hours(1));
  bench.provider.notices.clear();
  for (int i = 1; i <= 5; ++i) bench.provider.add(std::to_string(130 + i), "e3" + std::to_string(i));
  bench.provider.add("102", "e36");
}

bool is_sidecar(const std::string& path) { return path.ends_with(".xmp") || path.ends_with(".json"); }

std::string without_times(const std::string& text) {
  static const std::regex time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)|\b\d{13}\b)");
  return std::regex_replace(text, time, "TIME");
}

std::string without_revision(const std::string& text) {
  static const std::regex revision("<damsync:Revision>\\d+<");
  return std::regex_replace(text, revision, "<damsync:Revision>N<");
}

/// Times, counters, and the validator: whether there is one depends on how the last answer was asked for.
bool tells_nothing(const std::string& column) {
  static const std::set<std::string> kNames = {"id",       "seq", "time", "revision", "scan_id", "sidecar_sha256",
                                               "attempts", "etag"};
  return column.ends_with("_at") || kNames.contains(column);
}

/// That a file could not be had for a while, or that a sync failed, is told and does not last.
const std::string kLastingChanges =
    R"(change WHERE NOT (type = 'asset.updated' AND fields = '["file"]') AND type <> 'sync.failed')";

std::vector<std::string> texts(Database& db, const std::string& sql) {
  std::vector<std::string> out;
  Statement rows(db, sql);
  while (rows.step()) out.push_back(rows.text(0));
  return out;
}

std::string bytes_of(CycleBench& bench, const std::string& asset_id) {
  const auto other = bench.bodies.find(asset_id);
  return other == bench.bodies.end() ? CycleBench::image_of(asset_id) : other->second;
}

std::vector<License> first_history() {
  ScriptedProvider provider;
  std::map<std::string, std::string> bodies;
  add_first(provider, bodies);
  return provider.history;
}

class Promises {
 public:
  explicit Promises(CycleBench& bench) : bench_(bench), visible_(bench.visible_files()) {}

  std::string broken(const std::map<std::string, std::string>& kept) {
    visible_is_whole();
    rows_are_true();
    nothing_is_forgotten();
    for (const auto& [path, bytes] : kept)
      expect(visible_.contains(path) && visible_[path] == bytes, "I8: " + path + " was there and is not as it was");
    return broken_;
  }

 private:
  void expect(bool holds, const std::string& promise) {
    if (!holds) broken_ += "\n" + promise;
  }

  void visible_is_whole() {
    static const std::regex id_in_name("scripted_(\\d+)-");
    for (const auto& [path, bytes] : visible_) {
      std::smatch found;
      if (is_sidecar(path))
        expect(parses(path, bytes), "I1: " + path + " cannot be read");
      else
        expect(std::regex_search(path, found, id_in_name) && bytes == bytes_of(bench_, found[1]),
               "I1: " + path + " is not what the provider has");
    }
  }

  void rows_are_true() {
    for (const auto& row : bench_.files("mirrored")) {
      const auto file = visible_.find(row.path);
      expect(file != visible_.end(), "I2: " + row.path + " is in the catalog and not in the store");
      expect(file == visible_.end() || sha256_hex(file->second) == row.sha256,
             "I2: " + row.path + " has another hash than its row");
    }
    bench_.catalog().list_sidecars([&](const std::string& path, const std::string&) {
      expect(visible_.contains(path), "I2: the sidecar " + path + " is in the catalog and not in the store");
      return true;
    });
  }

  /// The cursor of the scripted provider is the number of licenses read; the history of the first moment is as long as
  /// no later one.
  void nothing_is_forgotten() {
    const auto cursor = bench_.catalog().stream("newsroom", "licenses").cursor;
    const auto history = cursor == std::to_string(kFirstLicenses) ? first_history() : bench_.provider.history;
    const auto read = cursor.empty() ? 0 : std::min<std::size_t>(std::stoul(cursor), history.size());
    for (std::size_t i = 0; i < read; ++i)
      expect(bench_.catalog().find_license("newsroom", history[i].license_id).has_value(),
             "I3: the cursor stands behind " + history[i].license_id + ", the catalog does not know it");
    bench_.catalog().list_assets({}, [&](const AssetRow& asset) {
      const bool wanted = bench_.catalog().has_pending("newsroom", PendingKind::kMetadata, asset.asset_id);
      expect(!asset.metadata.empty() || wanted, "I3: nobody will ask about asset " + asset.asset_id);
      return true;
    });
    std::set<std::string> due;
    for (const auto& item : bench_.catalog().due_files("newsroom", std::nullopt, {}, 1000)) due.insert(item.license_id);
    for (const auto& file : bench_.files())
      expect(file.state == FileState::kMirrored || file.state == FileState::kBlocked || due.contains(file.license_id),
             "I3: nobody will fetch the file of " + file.license_id);
  }

  CycleBench& bench_;
  std::map<std::string, std::string> visible_;
  std::string broken_;
};

}  // namespace

void set_moment(CycleBench& bench, Moment moment) {
  // Later than the machine's own clock: ids are made of time and chance, and a forked child has its parent's chance.
  bench.clock.set_utc(UtcTime(std::chrono::sys_days(std::chrono::year(2090) / 1 / 1)));
  bench.policy.workers = 1;
  bench.policy.ignore_backoff = true;
  add_first(bench.provider, bench.bodies);
  if (moment != Moment::kFirst) change(bench);
  if (moment == Moment::kThird) add_more(bench);
}

std::string broken_promises(CycleBench& bench, const std::map<std::string, std::string>& kept) {
  return Promises(bench).broken(kept);
}

std::map<std::string, std::string> media_files(const std::map<std::string, std::string>& visible) {
  auto media = visible;
  std::erase_if(media, [](const auto& file) { return is_sidecar(file.first); });
  return media;
}

std::vector<std::string> end_state(const std::filesystem::path& catalog,
                                   const std::map<std::string, std::string>& visible) {
  const auto db = std::move(*Database::open(catalog, OpenMode::kRead));
  std::vector<std::string> lines;
  for (const std::string table : {"account", "stream", "asset", "license", "file", "pending", "change"}) {
    std::string columns;
    for (const auto& column : texts(*db, "SELECT name FROM pragma_table_info('" + table + "')"))
      if (!tells_nothing(column)) columns += (columns.empty() ? "quote(" : " || ' ' || quote(") + column + ")";
    const std::string rows = table == "change" ? kLastingChanges : table;
    for (const auto& row : texts(*db, "SELECT " + columns + " FROM " + rows))
      lines.push_back(table + " " + (table == "stream" ? without_times(row) : row));
  }
  for (const auto& [path, bytes] : visible)
    lines.push_back("store " + path + " " +
                    (is_sidecar(path) ? without_revision(without_times(bytes)) : sha256_hex(bytes)));
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string differences(const std::vector<std::string>& wanted, const std::vector<std::string>& found) {
  std::vector<std::string> lost, extra;
  std::set_difference(wanted.begin(), wanted.end(), found.begin(), found.end(), std::back_inserter(lost));
  std::set_difference(found.begin(), found.end(), wanted.begin(), wanted.end(), std::back_inserter(extra));
  std::string told;
  for (const auto& line : lost) told += "\nlacks " + line;
  for (const auto& line : extra) told += "\nhas " + line;
  return told;
}

bool parses(const std::string& path, const std::string& bytes) {
  if (path.ends_with(".json")) return parse_json(bytes).ok();
  return static_cast<bool>(pugi::xml_document().load_buffer(bytes.data(), bytes.size()));
}

}  // namespace damsync
