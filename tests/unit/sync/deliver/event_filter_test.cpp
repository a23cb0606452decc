#include "sync/deliver/event_filter.h"

#include <doctest/doctest.h>

namespace damsync {
namespace {

const std::vector<std::string> kNoFields;

bool wants_type(std::vector<std::string> events, std::string_view type) {
  EventFilter filter;
  filter.events = std::move(events);
  return wants(filter, {type, "newsroom", "1", kNoFields}, {});
}

}  // namespace

TEST_CASE("event filter: types are named in full, by family, or all at once") {
  CHECK(wants_type({"*"}, "asset.stored"));
  CHECK(wants_type({"asset.*"}, "asset.stored"));
  CHECK(wants_type({"license.added", "asset.stored"}, "asset.stored"));
  CHECK(!wants_type({"license.*"}, "asset.stored"));
  CHECK(!wants_type({"asset.store"}, "asset.stored"));
  CHECK(!wants_type({}, "asset.stored"));
}

TEST_CASE("event filter: accounts restrict events that have one") {
  EventFilter filter;
  filter.accounts = {"newsroom"};
  CHECK(wants(filter, {"asset.stored", "newsroom", "1", kNoFields}, {}));
  CHECK(!wants(filter, {"asset.stored", "archive", "1", kNoFields}, {}));
  CHECK(wants(filter, {"report.completed", "", "", kNoFields}, {}));
}

TEST_CASE("event filter: what is not known to be editorial or not passes both filters") {
  for (const bool wanted : {true, false}) {
    CAPTURE(wanted);
    EventFilter filter;
    filter.editorial = wanted;
    CHECK(wants(filter, {"asset.stored", "a", "1", kNoFields}, {.editorial = wanted}));
    CHECK(!wants(filter, {"asset.stored", "a", "1", kNoFields}, {.editorial = !wanted}));
    CHECK(wants(filter, {"asset.stored", "a", "1", kNoFields}, {}));
    CHECK(wants(filter, {"sync.failed", "a", "", kNoFields}, {}));
  }
}

TEST_CASE("event filter: a receiver hears of an asset that leaves its view") {
  EventFilter filter;
  filter.editorial = false;
  filter.license_types = {"standard"};
  const std::vector<std::string> fields{"editorial", "license_type"};
  CHECK(wants(filter, {"asset.updated", "a", "1", fields},
              {.editorial = true, .editorial_changed = true, .license_types = {"enhanced"}}));
}

TEST_CASE("event filter: the first word about an asset takes it out of no view") {
  EventFilter filter;
  filter.editorial = false;
  const std::vector<std::string> fields{"editorial", "title"};
  CHECK(!wants(filter, {"asset.updated", "a", "1", fields}, {.editorial = true}));
}

TEST_CASE("event filter: license types ask for one license that has one of them") {
  EventFilter filter;
  filter.license_types = {"enhanced", "premier"};
  CHECK(wants(filter, {"license.added", "a", "1", kNoFields}, {.license_types = {"premier"}}));
  CHECK(wants(filter, {"asset.stored", "a", "1", kNoFields}, {.license_types = {"standard", "enhanced"}}));
  CHECK(!wants(filter, {"asset.stored", "a", "1", kNoFields}, {.license_types = {"standard"}}));
  CHECK(!wants(filter, {"asset.stored", "a", "1", kNoFields}, {}));
}

}  // namespace damsync
