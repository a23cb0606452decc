#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "sync/pipeline/verify.h"
#include "tests/support/cycle_bench.h"

namespace damsync {

namespace {

struct VerifyBench : CycleBench {
  explicit VerifyBench(int images = 5) {
    for (int i = 0; i < images; ++i) provider.add(std::to_string(101 + i), "e" + std::to_string(i));
    cycle();
    REQUIRE(files("mirrored").size() == static_cast<std::size_t>(images));
  }

  /// A night in which the time is up after two files; how many were looked at.
  std::int64_t short_night() {
    clock.advance(std::chrono::hours(24));
    VerifyOptions options;
    options.sample = 0.2;
    options.verified_before = clock.utc();  // all are overdue
    options.time_limit = std::chrono::seconds(2);
    const ProgressSink each_takes_a_second = [this](const Progress&) { clock.advance(std::chrono::seconds(1)); };
    CatalogWriter writer(db());
    return Verifier({db(), catalog(), writer, store(), clock, each_takes_a_second}).run(options, {})->checked;
  }
  [[nodiscard]] UtcTime oldest() const {
    UtcTime oldest = UtcTime::max();
    for (const auto& file : files()) oldest = std::min(oldest, file.verified_at.value_or(UtcTime{}));
    return oldest;
  }
};

}  // namespace

TEST_CASE_FIXTURE(VerifyBench, "M9 verify: however short the time of a night, no file is left out for ever") {
  const UtcTime begun = clock.utc();
  for (int night = 0; night < 3; ++night) CHECK(short_night() == 2);
  CHECK(oldest() > begun);
}

TEST_CASE_FIXTURE(VerifyBench, "K1 verify: a file verified by a clock that was ahead is looked at before the others") {
  const UtcTime ahead = clock.utc() + std::chrono::hours(24 * 365);
  const std::string path = path_of("105");
  db().execute("UPDATE file SET verified_at = " + std::to_string(to_millis(ahead)) + " WHERE path = '" + path + "'");
  CHECK(short_night() == 2);
  CHECK(catalog().find_file_at(path)->verified_at < ahead);
}

TEST_CASE_FIXTURE(CycleBench, "verify: the progress of a sample counts up to the sample, not to the whole store") {
  for (int i = 0; i < 10; ++i) provider.add(std::to_string(101 + i), "e" + std::to_string(i));
  cycle();
  REQUIRE(files("mirrored").size() == 10);
  std::vector<std::pair<std::int64_t, std::int64_t>> told;
  const ProgressSink progress = [&](const Progress& p) { told.emplace_back(p.done, p.total); };
  CatalogWriter writer(db());
  VerifyOptions options;
  options.sample = 0.2;

  REQUIRE(Verifier({db(), catalog(), writer, store(), clock, progress}).run(options, {}).ok());

  CHECK(told == std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 2}, {2, 2}});
}

}  // namespace damsync
