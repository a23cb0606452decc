#include <doctest/doctest.h>
#include <fmt/format.h>

#include "storage/journal/outbox.h"
#include "sync/deliver/lane.h"
#include "tests/support/cycle_bench.h"
#include "tests/support/outbox_bench.h"

namespace damsync {
namespace {

/// An account with an editorial image and another one, and a receiver for each kind.
struct FilterBench {
  FilterBench() {
    bench.provider.add("1", "l-1");
    bench.provider.add("2", "l-2");
    bench.provider.assets["1"].editorial = true;
    bench.provider.assets["2"].editorial = false;
    news.wanted.editorial = true;
    adverts.wanted.editorial = false;
    Outbox(bench.db()).ensure({"news", "adverts"});
  }

  void deliver() {
    for (RecordingReceiver* receiver : {&news, &adverts}) {
      Lane lane(bench.db(), bench.clock, log, *receiver);
      while (lane.round({})) {
      }
    }
  }
  /// Delivers between the page that tells of the licenses and the description of their assets, too.
  void deliver_meanwhile() {
    bench.provider.fault = [this](const std::string& call, const std::string&) -> std::optional<Error> {
      if (call == "describe") deliver();
      return std::nullopt;
    };
  }
  /// `type/asset` of the events that a receiver got about an asset.
  static std::vector<std::string> told(const RecordingReceiver& receiver, const std::string& asset) {
    std::vector<std::string> out;
    for (const Event& event : receiver.events())
      if (event.change.asset_id == asset) out.emplace_back(to_word(event.change.type));
    return out;
  }

  CycleBench bench;
  RecordingReceiver news{"news"}, adverts{"adverts"};
  int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor;
  Log log{null, bench.clock, redactor};
};

using Names = std::vector<std::string>;
const Names kAll{"asset.licensed", "license.added", "asset.updated", "asset.stored"};

}  // namespace

TEST_CASE_FIXTURE(FilterBench, "editorial filter: nothing is lost that is told before the asset was described") {
  deliver_meanwhile();
  bench.cycle();
  deliver();
  CHECK(told(news, "1") == kAll);
  CHECK(told(adverts, "2") == kAll);
}

TEST_CASE_FIXTURE(FilterBench, "editorial filter: the first description of an asset is for those who want it alone") {
  SUBCASE("told meanwhile") { deliver_meanwhile(); }
  SUBCASE("told at the end") {}
  bench.cycle();
  deliver();
  for (const auto& type : told(news, "2")) CHECK((type == "asset.licensed" || type == "license.added"));
  for (const auto& type : told(adverts, "1")) CHECK((type == "asset.licensed" || type == "license.added"));
}

TEST_CASE_FIXTURE(FilterBench, "editorial filter: an asset that becomes editorial is told of to both") {
  bench.cycle();
  deliver();
  news.forget();
  adverts.forget();
  bench.provider.assets["2"].editorial = true;
  bench.provider.notices.push_back({"2", false, bench.clock.utc()});
  bench.clock.advance(std::chrono::minutes(20));
  bench.cycle();
  deliver();
  CHECK(!told(news, "2").empty());
  CHECK(!told(adverts, "2").empty());
}

TEST_CASE_FIXTURE(FilterBench,
                  "license filter: a license that becomes another is told of to those who had it in view") {
  bench.cycle();
  deliver();
  RecordingReceiver enhanced{"enhanced"};
  enhanced.wanted.license_types = {"enhanced"};
  Outbox(bench.db()).ensure({"enhanced"});
  bench.policy.full = true;
  for (const char* type : {"enhanced", "standard"}) {
    bench.provider.history[0].license_type = type;
    bench.clock.advance(std::chrono::minutes(20));
    bench.cycle();
    Lane lane(bench.db(), bench.clock, log, enhanced);
    while (lane.round({})) {
    }
    const auto events = enhanced.events();
    REQUIRE(!events.empty());
    const Event& last = events.back();
    CHECK(last.change.type == EventType::kLicenseChanged);
    CHECK(last.change.license_id == "l-1");
    CHECK(last.change.fields == Names{"license_type"});
    CHECK(last.body.find(fmt::format(R"("license_type":"{}")", type)) != std::string::npos);
    enhanced.forget();
  }
}

}  // namespace damsync
