#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <random>
#include <set>

#include "storage/journal/outbox.h"
#include "sync/deliver/lane.h"
#include "sync/http/json_reader.h"
#include "tests/support/cycle_bench.h"
#include "tests/support/outbox_bench.h"

namespace damsync {
namespace {

using State = std::map<std::string, std::string>;

std::string text_of(const Json* value) {
  if (value == nullptr || value->is_null()) return "-";
  return value->if_string() != nullptr ? *value->if_string() : write_json(*value);
}

/// A CMS that does what the documentation says: drops an id it has seen and a revision it has passed of that asset of
/// that account, else applies.
class Consumer {
 public:
  void take(const Event& event) {
    const Json cloud = parse_json(event.body).value();
    const Json& data = *cloud.find("data");
    const std::string key = text_of(cloud.find("source")) + " " + text_of(cloud.find("subject"));
    if (!ids_.insert(event.change.id).second || event.change.revision <= revisions_[key]) return;
    revisions_[key] = event.change.revision;
    state["asset " + text_of(data.find("account")) + " " + text_of(data.find("asset_id"))] =
        fmt::format("{} {} {} revision {}", text_of(data.find("state")), text_of(data.find("title")),
                    text_of(data.find("editorial")), event.change.revision);
    for (const Json& license : *data.find("licenses")->if_array())
      state["license " + text_of(data.find("account")) + " " + text_of(license.find("license_id"))] =
          fmt::format("{} {} {}", text_of(license.find("state")),
                      text_of(license.find("file_state")) == "mirrored" ? text_of(license.find("path")) : "-",
                      text_of(license.find("file_state")) == "mirrored" ? text_of(license.find("sha256")) : "-");
  }

  State state;

 private:
  std::set<std::string> ids_;
  std::map<std::string, std::int64_t> revisions_;
};

/// The same, as the listings say it.
State listed(const Catalog& catalog) {
  State out;
  catalog.list_assets({}, [&](const AssetRow& row) {
    out["asset " + row.account + " " + row.asset_id] =
        fmt::format("{} {} {} revision {}", to_word(row.state), row.title.value_or("-"),
                    row.editorial ? (*row.editorial ? "true" : "false") : "-", row.revision);
    return true;
  });
  catalog.list_licenses({}, [&](const LicenseRow& row) {
    const auto file = catalog.find_file(row.account, row.license_id);
    const bool there = file && file->state == FileState::kMirrored;
    out["license " + row.account + " " + row.license_id] =
        fmt::format("{} {} {}", to_word(row.state), there ? file->path : "-", there ? file->sha256 : "-");
    return true;
  });
  return out;
}

/// A random life of an account, while a receiver of its events fails now and then and the process crashes.
class Story {
 public:
  explicit Story(unsigned seed) : random_(seed) {
    Outbox(bench.db()).ensure({"cms"});
    cms.threads = 3;
    cms.answer = [this](const Event& event) {
      const std::lock_guard lock(mutex_);
      const bool refuses = chance(trouble_);
      if (!refuses || chance(40)) consumer.take(event);  // an answer may be lost, too
      return refuses ? failure() : Outcome{};
    };
  }

  void live(int steps) {
    for (int step = 0; step < steps; ++step) {
      happen();
      bench.clock.advance(std::chrono::minutes(20));
      bench.cycle();
      if (chance(60)) deliver();
    }
  }

  /// The receiver is well again: whatever waits arrives.
  void end() {
    trouble_ = 0;
    Outbox outbox(bench.db());
    outbox.retry({}, bench.clock.utc());
    outbox.enable("cms");
    while (lane().round({})) {
    }
    CHECK(!lane().next_in());
  }

  CycleBench bench;
  RecordingReceiver cms;
  Consumer consumer;

 private:
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  Lane lane() { return {bench.db(), bench.clock, log_, cms}; }

  void happen() {
    auto& provider = bench.provider;
    if (provider.history.size() < 12 && chance(70)) {
      const int n = ++added_;
      provider.add(fmt::format("{}", 100 + n % 7), fmt::format("l-{}", n));
    }
    if (provider.assets.empty()) return;
    auto asset = std::next(provider.assets.begin(), static_cast<std::ptrdiff_t>(random_() % provider.assets.size()));
    if (chance(50)) {
      asset->second.title = fmt::format("Title {}", random_() % 1000);
      if (chance(30)) asset->second.editorial = chance(50);
      provider.notices.push_back({asset->first, false, bench.clock.utc()});
    }
  }

  void deliver() {
    trouble_ = chance(30) ? 80 : 15;
    if (chance(30))  // a crash between handing over and noting
      bench.db().set_fault_hook([](std::string_view sql) { return sql.starts_with("UPDATE receiver") ? 13 : 0; });
    try {
      for (int round = 0; round < 20 && lane().round({}); ++round) {
      }
    } catch (const DatabaseError&) {
    }
    bench.db().set_fault_hook(nullptr);
    if (chance(20)) give_up();
  }

  /// What waits becomes dead letters, and what comes after them is told.
  void give_up() {
    Outbox outbox(bench.db());
    bench.clock.advance(std::chrono::hours(1));
    outbox.trim("cms", {.age = Millis(0)}, bench.clock.utc());
  }

  std::mt19937 random_;
  std::recursive_mutex mutex_;
  int trouble_ = 0, added_ = 0;
  int null_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor_;
  Log log_{null_, bench.clock, redactor_};
};

}  // namespace

TEST_CASE("outbox: a consumer that applies events by id and revision reaches the state of the listings") {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    Story story(seed);
    story.live(12);
    story.end();
    const State wanted = listed(story.bench.catalog());
    CHECK(wanted.size() > 6);
    for (const auto& [name, state] : wanted) {
      CAPTURE(name);
      CHECK(story.consumer.state[name] == state);
    }
    CHECK(story.consumer.state.size() == wanted.size());
  }
}

TEST_CASE_FIXTURE(OutboxBench, "outbox: an asset that two accounts hold has revisions of its own in each") {
  commit([&] { writer.ensure_account("archive", "shutterstock", now()); });
  assets(1);
  commit([&] { writer.upsert_license("archive", sample_license("l1", "a1"), "", now()); });
  outbox.ensure({"cms"});
  for (int i = 0; i < 3; ++i) change("a1");
  commit([&] {
    Change other = sample_change(EventType::kAssetUpdated, "a1");
    other.account = "archive";
    journal.append(other);
  });
  RecordingReceiver cms;
  Consumer consumer;
  cms.answer = [&](const Event& event) { return consumer.take(event), Outcome{}; };
  Lane lane(*db, clock, log, cms);
  while (lane.round({})) {
  }
  CHECK(consumer.state == listed(catalog));
}

TEST_CASE_FIXTURE(OutboxBench, "outbox: what a dead letter had to say is told by the events after it") {
  assets(1);
  outbox.ensure({"cms"});
  RecordingReceiver cms;
  Consumer consumer;
  bool refuses = true;
  cms.answer = [&](const Event& event) {
    if (refuses) return refusal();
    return consumer.take(event), Outcome{};
  };
  Lane lane(*db, clock, log, cms);
  const auto deliver = [&] {
    while (lane.round({})) {
    }
  };
  commit([&] { writer.put_file(mirrored("l1", "newsroom/a1/a1.jpg")); });
  change("a1", EventType::kAssetStored, "l1");
  deliver();
  clock.advance(std::chrono::hours(1));
  outbox.trim("cms", {.age = Millis(0)}, clock.utc());
  REQUIRE(dead() == 1);

  refuses = false;
  upsert(sample_license("l2", "a1"));
  change("a1", EventType::kLicenseAdded, "l2");
  deliver();
  CHECK(consumer.state == listed(catalog));
  outbox.retry({}, clock.utc());
  deliver();
  CHECK(dead() == 0);
  CHECK(consumer.state == listed(catalog));
}

}  // namespace damsync
