#include "sync/pipeline/policy.h"

#include <doctest/doctest.h>

#include "sync/pipeline/circuit.h"
#include "sync/pipeline/diff.h"
#include "sync/pipeline/plan.h"
#include "sync/pipeline/severity.h"

namespace damsync {

TEST_CASE("brake: fifty losses always pass, more only within the share") {
  CHECK_FALSE(brake_trips(0, 0, 0.05));
  CHECK_FALSE(brake_trips(50, 50, 0.05));
  CHECK(brake_trips(51, 1'000, 0.05));
  CHECK_FALSE(brake_trips(500, 10'000, 0.05));
  CHECK(brake_trips(501, 10'000, 0.05));
  CHECK(brake_trips(51, 100, 0.0));
}

TEST_CASE("back-off: work that keeps failing is tried less and less often, at least once a day") {
  const UtcTime now = from_millis(1'700'000'000'000);
  CHECK(next_attempt(now, 1, 0) - now == std::chrono::minutes(5));
  CHECK(next_attempt(now, 2, 0) - now == std::chrono::minutes(10));
  CHECK(next_attempt(now, 9, 0) - now == std::chrono::minutes(5 * 256));
  CHECK(next_attempt(now, 1'000'000, 0) - now == std::chrono::hours(24));
  for (const std::size_t spread : {std::size_t{1}, std::size_t{12'345'678}, ~std::size_t{0}}) {
    CHECK(next_attempt(now, 1, spread) - now <= std::chrono::minutes(5));
    CHECK(next_attempt(now, 1, spread) - now > std::chrono::minutes(3));
  }
}

TEST_CASE("circuit: bad items never stop a step, a bad provider does after some in a row") {
  Circuit circuit(3);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(circuit.failed(make_error(ErrorCode::kInvalid, "bad file")));
  const auto down = retryable(ErrorCode::kUnavailable, "no answer");
  CHECK_FALSE(circuit.failed(down));
  CHECK_FALSE(circuit.failed(down));
  circuit.succeeded();
  CHECK_FALSE(circuit.failed(down));
  CHECK_FALSE(circuit.failed(down));
  CHECK(circuit.failed(down));
  CHECK(circuit.open());
  CHECK(circuit.reason()->message == "no answer");
}

TEST_CASE("circuit: refused credentials and a full disk stop a step at once") {
  for (const auto code : {ErrorCode::kUnauthorized, ErrorCode::kStorage, ErrorCode::kLowSpace}) {
    Circuit circuit(5);
    CHECK(circuit.failed(make_error(code, "")));
  }
}

TEST_CASE("severity: of several errors the gravest is kept") {
  CHECK(severity(ErrorCode::kInternal) > severity(ErrorCode::kGuard));
  CHECK(severity(ErrorCode::kGuard) > severity(ErrorCode::kStorage));
  CHECK(severity(ErrorCode::kStorage) > severity(ErrorCode::kUnauthorized));
  CHECK(severity(ErrorCode::kUnauthorized) > severity(ErrorCode::kUnavailable));
  CHECK(severity(ErrorCode::kUnavailable) > severity(ErrorCode::kLowSpace));
}

namespace {

LicenseRow held(const std::string& id, const std::string& size, const std::string& format) {
  LicenseRow row;
  row.license_id = id;
  row.asset_id = "1";
  row.size = size;
  row.format = format;
  return row;
}

}  // namespace

TEST_CASE("plan: licenses of one rendition are fetched once") {
  const std::vector<LicenseRow> licenses = {held("e1", "huge", "jpg"), held("e2", "huge", "jpg"),
                                            held("e3", "vector", "eps")};
  const std::vector<WorkItem> due = {{"a", "1", "e1", 2}, {"a", "1", "e2", 0}, {"a", "1", "e3", 0}};
  AssetMetadata metadata;
  metadata.renditions = {{"huge", "jpg", 600, 400}};
  metadata.editorial = true;

  const auto tasks = plan_fetches(due, licenses, metadata);

  REQUIRE(tasks.size() == 2);
  CHECK(tasks[0].licenses.size() == 2);
  CHECK(tasks[0].licenses[0].license_id == "e1");
  CHECK(tasks[0].attempts == 2);
  CHECK(tasks[0].editorial);
  CHECK(tasks[0].renditions == metadata.renditions);
  CHECK(tasks[1].licenses[0].license_id == "e3");
}

TEST_CASE("plan: what has no license any more is not fetched") {
  CHECK(plan_fetches({{"a", "1", "gone", 0}}, {held("e1", "huge", "jpg")}, {}).empty());
}

TEST_CASE("diff: the first description is news, the same again is none") {
  DescribedAsset described;
  described.metadata.caption = "A donkey";
  AssetRow known;
  const auto first = diff(known, described);
  CHECK(first.first);
  CHECK(first.fields == std::vector<std::string>{"caption"});

  known.metadata = first.canonical;
  known.state = AssetState::kActive;
  CHECK(diff(known, described).same());
}

TEST_CASE("diff: the fields that differ are named") {
  DescribedAsset described;
  described.metadata.caption = "A donkey";
  AssetRow known;
  known.metadata = diff(known, described).canonical;
  known.state = AssetState::kActive;
  described.metadata.caption = "A mule";
  described.metadata.keywords = {"mule"};
  described.metadata.editorial = false;
  const auto change = diff(known, described);
  CHECK(change.fields == std::vector<std::string>{"caption", "editorial", "keywords"});
  CHECK_FALSE(change.restored);
}

TEST_CASE("diff: a withdrawn asset that is described again is restored even if nothing else changed") {
  DescribedAsset described;
  AssetRow known;
  known.metadata = diff(known, described).canonical;
  known.state = AssetState::kWithdrawn;
  const auto change = diff(known, described);
  CHECK(change.restored);
  CHECK_FALSE(change.same());
}

}  // namespace damsync
