#include <doctest/doctest.h>

#include <map>
#include <random>

#include "daemon/cli/json_fields.h"
#include "storage/journal/feed_tail.h"
#include "sync/pipeline/verify.h"
#include "tests/crash/every_nth.h"
#include "tests/support/crash_child.h"
#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// Members that only say when somebody looked.
std::string shown(Json row) {
  for (const auto* observation : {"checked_at", "verified_at"}) row.set(observation, Json());
  return write_json(row, JsonStyle::kCanonical);
}

/// What a consumer holds: the rows of the lists, by what names them.
struct Mirror {
  std::map<std::string, std::string> assets, licenses, files;
  bool operator==(const Mirror&) const = default;
};

Mirror lists(Catalog& catalog) {
  Mirror out;
  catalog.list_assets({}, [&](const AssetRow& row) { return out.assets[row.asset_id] = shown(json_of(row)), true; });
  catalog.list_licenses(
      {}, [&](const LicenseRow& row) { return out.licenses[row.license_id] = shown(json_of(row)), true; });
  catalog.list_files({}, [&](const FileRow& row) { return out.files[row.license_id] = shown(json_of(row)), true; });
  return out;
}

/// Starts at zero and knows nothing but the feed, and what it is told of the assets the feed names.
class Consumer {
 public:
  explicit Consumer(const fs::path& catalog) : path_(catalog), feed_(catalog) {}

  const Mirror& follow(std::size_t limit) {
    const auto db = std::move(*Database::open(path_, OpenMode::kRead));
    const Catalog catalog(*db);
    for (bool more = true; more;) {
      const auto page = feed_.read(cursor_, limit).value();
      for (const auto& change : page.changes) take(catalog, change);
      cursor_ = page.next;
      more = page.more;
    }
    return mirror_;
  }

 private:
  void take(const Catalog& catalog, const Change& change) {
    if (change.asset_id.empty()) return;
    const auto asset = catalog.find_asset(change.account, change.asset_id);
    REQUIRE(asset.has_value());
    CHECK(asset->revision >= change.revision);
    mirror_.assets[change.asset_id] = shown(json_of(*asset));
    for (const auto& row : catalog.licenses_of(change.account, change.asset_id))
      mirror_.licenses[row.license_id] = shown(json_of(row));
    for (const auto& row : catalog.files_of(change.account, change.asset_id))
      mirror_.files[row.license_id] = shown(json_of(row));
  }

  fs::path path_;
  FeedTail feed_;
  std::string cursor_;
  Mirror mirror_;
};

std::string difference(const Mirror& wanted, const Mirror& found) {
  std::string out;
  const auto compare = [&](const auto& all, const auto& held) {
    for (const auto& [key, row] : all)
      if (!held.contains(key) || held.at(key) != row)
        out += "\nlist: " + row + "\nheld: " + (held.contains(key) ? held.at(key) : std::string("nothing"));
    for (const auto& [key, row] : held)
      if (!all.contains(key)) out += "\nheld and not listed: " + row;
  };
  compare(wanted.assets, found.assets);
  compare(wanted.licenses, found.licenses);
  compare(wanted.files, found.files);
  return out;
}

/// One thing that happens at the provider or on the disk.
void happen(CycleBench& bench, std::mt19937& random, int step) {
  auto& provider = bench.provider;
  bench.clock.advance(std::chrono::minutes(30 + random() % 600));
  const std::string asset = std::to_string(101 + random() % 6);
  const bool known = provider.assets.contains(asset);
  const auto notice = [&](bool deleted) {
    provider.notices = {{asset, deleted, bench.clock.utc() - std::chrono::minutes(5)}};
  };
  const auto any_license = [&]() -> License& { return provider.history[random() % provider.history.size()]; };
  provider.notices.clear();
  switch (random() % 11) {
    case 0:
    case 1: provider.add(asset, "e" + std::to_string(step)); break;
    case 2: provider.add(asset, "e" + std::to_string(step)).size = "medium"; break;
    case 3: provider.listed_assets.push_back("90" + std::to_string(random() % 3)); break;
    case 4:
      if (known) provider.assets[asset].caption = "Edit " + std::to_string(step);
      notice(false);
      break;
    case 5: notice(false); break;  // an announcement, and nothing is different
    case 6:
      provider.assets.erase(asset);
      notice(true);
      break;
    case 7:
      if (provider.history.size() > 3) provider.history.erase(provider.history.begin() + random() % 2);
      bench.clock.advance(std::chrono::hours(24 * 8));
      break;
    case 8:
      if (!provider.history.empty()) any_license().license_type = random() % 2 == 0 ? "enhanced" : "standard";
      bench.clock.advance(std::chrono::hours(24 * 8));
      break;
    case 9:
      if (!provider.history.empty()) provider.not_downloadable.insert(any_license().license_id);
      break;
    default: provider.not_downloadable.clear(); break;
  }
  for (const auto& id : provider.listed_assets) provider.assets.try_emplace(id).first->second.media_type = "image";
}

/// The world after `steps` steps: every process of a seed sees the same.
void set_world(CycleBench& bench, std::uint32_t seed, int steps) {
  // Later than the machine's own clock: ids are made of time and chance, and a forked child has its parent's chance.
  bench.clock.set_utc(UtcTime(std::chrono::sys_days(std::chrono::year(2090) / 1 / 1)));
  bench.policy.workers = 1;
  bench.policy.ignore_backoff = true;
  bench.policy.brake_share = 1.0;
  std::mt19937 random(seed);
  for (int step = 0; step <= steps; ++step) happen(bench, random, step);
  if (random() % 4 == 0)
    bench.host_fault = [](const std::string&) { return std::optional(retryable(ErrorCode::kUnavailable, "silence")); };
  static const char* const kLayouts[] = {"{account}/{shard}/{asset_id}/{name}", "{account}/{name}",
                                         "{provider}/{license_type}/{name}"};
  bench.layout = *PathLayout::parse(kLayouts[steps / 5 % 3]);
}

void live(const fs::path& state, std::uint32_t seed, int steps) {
  CycleBench bench(state);
  set_world(bench, seed, steps);
  bench.cycle();
  if (steps % 4 != 3) return;
  std::mt19937 random(seed + static_cast<std::uint32_t>(steps));
  const auto files = bench.files("mirrored");
  if (!files.empty()) fs::remove(state / "store" / files[random() % files.size()].path);
  (void)Verifier(
      {bench.db(), bench.catalog(), *std::make_unique<CatalogWriter>(bench.db()), bench.store(), bench.clock, {}})
      .run({}, {});
}

}  // namespace

TEST_CASE("feed: who starts at zero and follows holds exactly what list shows, at every moment and whatever crashes") {
  const int seeds = all_points() ? 60 : 8;
  int crashes = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    const TempDir state;
    Consumer consumer(state / "catalog.db");
    std::mt19937 random(static_cast<std::uint32_t>(seed) * 7919);
    for (int steps = 1; steps <= 15; ++steps) {
      CAPTURE(steps);
      const long crash_at = random() % 2 == 0 ? 0 : 1 + static_cast<long>(random() % 60);
      const int ended = in_child(crash_at, [&] { live(state.path(), static_cast<std::uint32_t>(seed), steps); });
      REQUIRE((ended == 0 || ended == kCrashed));
      crashes += ended == kCrashed ? 1 : 0;
      if (!fs::exists(state / "catalog.db")) continue;
      if (random() % 3 == 0) continue;  // the consumer sleeps
      const auto db = std::move(*Database::open(state / "catalog.db", OpenMode::kRead));
      Catalog catalog(*db);
      CHECK(difference(lists(catalog), consumer.follow(1 + random() % 9)) == "");
    }
    const auto db = std::move(*Database::open(state / "catalog.db", OpenMode::kRead));
    Catalog catalog(*db);
    const Mirror wanted = lists(catalog);
    CHECK(wanted.files.size() >= 2);
    CHECK(difference(wanted, consumer.follow(3)) == "");
  }
  CHECK(crashes > seeds);
}

}  // namespace damsync
