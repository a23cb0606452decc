#include "sync/providers/getty/change_sets.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temp_dir.h"
#include "tests/unit/sync/providers/getty/getty_bench.h"

using namespace damsync;
using namespace damsync::getty;

namespace {

constexpr const char* kOneChannel = R"({"channels":[{"channel_id":7,"asset_type":"image"}]})";

const KnownAssets& known() {
  static const KnownAssets assets({"1", "2", "3"});
  return assets;
}

PollRequest changes_from(std::string cursor) {
  return {.stream = "changes", .cursor = std::move(cursor), .known = &known()};
}

std::string change_set(std::string_view id, std::string_view assets) {
  return R"({"change_set_id":")" + std::string(id) + R"(","changed_assets":[)" + std::string(assets) + "]}";
}

std::string drained(UtcTime time, std::vector<std::string> channels) {
  return to_text(ChangeCursor{.drained_at = time, .channels = std::move(channels), .channel = {}});
}

}  // namespace

TEST_CASE("getty changes: an account without entitlement has an empty stream") {
  for (const int status : {403, 404}) {
    GettyBench bench;
    bench.transport.push(status, R"({"ErrorCode":"ChannelsNotFound"})");
    const auto page = bench.make().poll(changes_from(""), {});
    REQUIRE(page.ok());
    CHECK(page->last);
    CHECK(page->notices.empty());
    CHECK(page->observed.empty());
  }
}

TEST_CASE("getty changes: that there are no channels is said once, not in every cycle") {
  GettyBench bench;
  bench.transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{403, {}, R"({"ErrorCode":"Forbidden"})", request.url};
  });
  const TempDir dir;
  const int fd = ::open((dir / "log").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  Redactor redactor;
  Log log(fd, bench.clock, redactor);
  std::string cursor;
  for (int cycle = 0; cycle < 3; ++cycle)
    cursor = GettyProvider(bench.settings, bench.transport, bench.clock, &log).poll(changes_from(cursor), {})->next;
  ::close(fd);

  std::ifstream lines(dir / "log");
  int told = 0;
  for (std::string line; std::getline(lines, line);)
    told += line.find("getty.no_change_channels") == std::string::npos ? 0 : 1;
  CHECK(told == 1);
}

TEST_CASE("T29 getty changes: a refusal that is about the rate or the key does not mean no channels") {
  GettyBench limited;
  limited.transport.push(403, R"({"message":"Account Over Rate Limit"})");
  CHECK(limited.make().poll(changes_from(""), {}).error().code == ErrorCode::kThrottled);
  GettyBench inactive;
  inactive.transport.push(403, R"({"message":"Account Inactive"})");
  CHECK(inactive.make().poll(changes_from(""), {}).error().code == ErrorCode::kUnauthorized);
}

TEST_CASE("getty changes: all three published forms say the same") {
  struct Form {
    const char* channels;
    const char* set;
  };
  const Form forms[] = {
      {R"({"channels":[{"channel_id":7,"asset_type":"image"}]})",
       R"({"change_set_id":"123","changed_assets":[{"id":"1","asset_changed_utc_datetime":"2026-03-14T10:00:00",
           "asset_lifecycle":"Deleted","asset_type":"Image"}]})"},
      {R"([{"ChannelId":7,"AssetType":"Image","AssetFamily":"Both"}])",
       R"({"ChangeSetId":123,"ChangedAssets":[{"Id":"1","AssetChangedUtcDateTime":"2026-03-14T10:00:00Z",
           "AssetLifecycle":"Delete","AssetType":null}]})"},
      {R"([{"channelId":"7","assetType":"NotSet"}])",
       R"({"changeSetId":"123","changedAssetList":[{"id":1,"assetChangedUtcDatetime":"2026-03-14T10:00:00Z",
           "assetLifecycle":"delete"}]})"}};
  for (const auto& form : forms) {
    CAPTURE(form.set);
    GettyBench bench;
    bench.transport.push(200, form.channels);
    bench.transport.push(201, form.set);
    const auto page = bench.make().poll(changes_from(""), {});
    REQUIRE(page.ok());
    CHECK(page->receipt == "123");
    CHECK_FALSE(page->last);
    REQUIRE(page->notices.size() == 1);
    CHECK(page->notices.front().asset_id == "1");
    CHECK(page->notices.front().deleted);
    CHECK(format_rfc3339(page->notices.front().time) == "2026-03-14T10:00:00Z");
    CHECK(bench.asked(1).param("channel_id") == "7");
    CHECK(bench.transport.requests()[1].method == Method::kPut);
  }
}

TEST_CASE("T26 getty changes: an empty body means nothing new") {
  GettyBench bench;
  bench.transport.push(200, kOneChannel);
  bench.transport.push(200, "");
  const auto page = bench.make().poll(changes_from(""), {});
  REQUIRE(page.ok());
  CHECK(page->last);
  CHECK(page->receipt.empty());
}

TEST_CASE("F8 getty changes: a deletion of an asset never seen is no error and no notice, but told for the record") {
  GettyBench bench;
  bench.transport.push(200, kOneChannel);
  bench.transport.push(200, change_set("9", R"({"id":"555","asset_lifecycle":"Delete","asset_type":null},
      {"id":"556","asset_lifecycle":"New"},{"id":"2","asset_lifecycle":"New"})"));
  const auto page = bench.make().poll(changes_from(""), {});
  REQUIRE(page.ok());
  REQUIRE(page->notices.size() == 1);
  CHECK(page->notices.front().asset_id == "2");
  CHECK_FALSE(page->notices.front().deleted);
  REQUIRE(page->unknown_deletions.size() == 1);
  CHECK(page->unknown_deletions.front().asset_id == "555");
  CHECK(page->rejected.empty());
  CHECK(page->receipt == "9");
}

TEST_CASE("J4 getty changes: a change that is half readable is still a change, an unreadable one is set aside") {
  GettyBench bench;
  bench.transport.push(200, kOneChannel);
  bench.transport.push(200, change_set("9", R"({"id":"1","asset_lifecycle":7,"asset_changed_utc_datetime":"soon"},
      {"id":"../x","asset_lifecycle":"Update"},{"asset_lifecycle":"Update"},"x")"));
  const auto page = bench.make().poll(changes_from(""), {});
  REQUIRE(page.ok());
  REQUIRE(page->notices.size() == 1);
  CHECK_FALSE(page->notices.front().deleted);
  CHECK(page->notices.front().time == bench.clock.utc());
  CHECK(page->rejected.size() == 3);
}

TEST_CASE("F5 getty changes: several changes of one asset count as its latest, no change is from the future") {
  GettyBench bench;
  bench.transport.push(200, kOneChannel);
  bench.transport.push(200, change_set("9", R"(
      {"id":"1","asset_lifecycle":"Delete","asset_changed_utc_datetime":"2026-03-14T10:00:00Z"},
      {"id":"1","asset_lifecycle":"Update","asset_changed_utc_datetime":"2026-03-13T10:00:00Z"},
      {"id":"2","asset_lifecycle":"Update","asset_changed_utc_datetime":"2036-03-13T10:00:00Z"})"));
  const auto page = bench.make().poll(changes_from(""), {});
  REQUIRE(page.ok());
  REQUIRE(page->notices.size() == 2);
  CHECK(page->notices[0].deleted);
  CHECK(page->notices[1].time == bench.clock.utc());
}

TEST_CASE("getty changes: channels are read one after the other until each is empty") {
  GettyBench bench;
  bench.transport.push(200,
                       R"([{"ChannelId":8,"AssetType":"Film"},{"ChannelId":7},{"ChannelId":9,"AssetType":"Image"}])");
  bench.transport.push(201, change_set("11", R"({"id":"1"})"));
  bench.transport.push(200, "");
  bench.transport.push(201, change_set("12", R"({"id":"2"})"));
  bench.transport.push(200, "");
  auto provider = bench.make();

  const auto first = provider.poll(changes_from(""), {});
  const auto second = provider.poll(changes_from(first->next), {});
  const auto third = provider.poll(changes_from(second->next), {});

  CHECK(first->receipt == "11");
  CHECK(second->receipt == "12");
  REQUIRE(third.ok());
  CHECK(third->last);
  std::vector<std::string> channels;
  for (std::size_t i = 1; i < bench.transport.requests().size(); ++i)
    channels.push_back(*bench.asked(i).param("channel_id"));
  CHECK(channels == std::vector<std::string>{"7", "7", "9", "9"});
}

TEST_CASE("F10 getty changes: a change set the service no longer knows is confirmed, other refusals are errors") {
  struct Row {
    int status;
    bool done;
  };
  for (const Row& row :
       {Row{200, true}, Row{204, true}, Row{404, true}, Row{500, false}, Row{403, false}, Row{400, false}}) {
    CAPTURE(row.status);
    GettyBench bench;
    bench.transport.push(row.status, "");
    CHECK(bench.make().confirm("123", {}).ok() == row.done);
    CHECK(bench.transport.requests().front().method == Method::kDelete);
    CHECK(bench.asked(0).path == "/v3/asset-changes/change-sets/123");
  }
  GettyBench bench;
  CHECK(bench.make().confirm("", {}).ok());
  CHECK_FALSE(bench.make().confirm("../downloads/images/1", {}).ok());
  CHECK(bench.transport.requests().empty());
}

TEST_CASE("F10 getty changes: a set that comes again after a lost confirmation is the same page again") {
  GettyBench bench;
  for (int i = 0; i < 2; ++i) {
    bench.transport.push(200, kOneChannel);
    bench.transport.push(200, change_set("11", R"({"id":"1","asset_changed_utc_datetime":"2026-03-14T10:00:00Z"})"));
  }
  const auto first = bench.make().poll(changes_from(""), {});
  const auto again = bench.make().poll(changes_from(first->next), {});
  REQUIRE(again.ok());
  CHECK(again->receipt == first->receipt);
  CHECK(again->notices.size() == 1);
}

TEST_CASE("F4 getty changes: a set that comes again however often it is confirmed ends the stream") {
  GettyBench bench;
  bench.transport.push(200, kOneChannel);
  bench.transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{200, {}, request.method == Method::kPut ? change_set("11", R"({"id":"1"})") : "", request.url};
  });
  auto provider = bench.make();
  std::string cursor;
  int pages = 0;
  for (; pages < 10; ++pages) {
    const auto page = provider.poll(changes_from(cursor), {});
    if (!page) break;
    cursor = page->next;
    REQUIRE(provider.confirm(page->receipt, {}).ok());
  }
  CHECK(pages == 3);
}

TEST_CASE("F11 getty changes: after too long an absence or the loss of a channel every known asset is looked at") {
  const auto notices = [](std::string cursor, std::string channels, int set_status) {
    GettyBench bench;
    bench.transport.push(200, std::move(channels));
    bench.transport.push(set_status, "");
    const auto page = bench.make().poll(changes_from(std::move(cursor)), {});
    REQUIRE(page.ok());
    return page->notices.size();
  };
  const UtcTime now = FakeClock().utc();
  CHECK(notices(drained(now - std::chrono::hours(24), {"7"}), kOneChannel, 200) == 0);
  CHECK(notices(drained(now - std::chrono::hours(24 * 61), {"7"}), kOneChannel, 200) == 3);
  CHECK(notices(drained(now - std::chrono::hours(1), {"6", "7"}), kOneChannel, 200) == 3);
  CHECK(notices(drained(now - std::chrono::hours(1), {"7"}), kOneChannel, 404) == 3);
}

TEST_CASE("F11 getty changes: a channel that is listed and is not there is looked for once") {
  GettyBench bench;
  bench.transport.push(200, kOneChannel);
  bench.transport.push(404, "");
  bench.transport.push(200, kOneChannel);
  auto provider = bench.make();
  const auto sweep = provider.poll(changes_from(""), {});
  const auto end = provider.poll(changes_from(sweep->next), {});
  REQUIRE(end.ok());
  CHECK(end->last);
  CHECK(provider.poll(changes_from(end->next), {})->notices.empty());
}

TEST_CASE("F11 getty changes: a channel that was listed and not there is looked for again after a day") {
  GettyBench bench;
  int looked = 0;
  bench.transport.fallback([&](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.method == Method::kGet) return HttpResponse{200, {}, kOneChannel, request.url};
    ++looked;
    return HttpResponse{404, {}, R"({"ErrorCode":"ChannelNotFound"})", request.url};
  });
  auto provider = bench.make();
  std::string cursor;
  const auto cycle = [&] {
    for (int pages = 0; pages < 5; ++pages) {
      const auto page = provider.poll(changes_from(cursor), {});
      REQUIRE(page.ok());
      cursor = page->next;
      if (page->last) return;
    }
    FAIL("the stream does not end");
  };
  for (int i = 0; i < 3; ++i) cycle();
  CHECK(looked == 1);
  bench.clock.advance(std::chrono::hours(24));
  cycle();
  CHECK(looked == 2);
}

TEST_CASE("getty changes: cursors survive their text and damaged ones are refused") {
  const ChangeCursor cursor{.drained_at = FakeClock().utc(), .channels = {"7", "9"}, .channel = "7"};
  CHECK(*change_cursor_from_text(to_text(cursor)) == cursor);
  for (const char* text :
       {"x", "{}", R"({"v":1})", R"({"v":1,"channels":[7]})", R"({"v":1,"channels":[],"drained_at":"x"})"}) {
    CAPTURE(text);
    CHECK(change_cursor_from_text(text).error().code == ErrorCode::kDamaged);
  }
}

TEST_CASE("getty changes: a set without an id or a list is a broken answer") {
  for (const char* body :
       {R"({"changed_assets":[]})", R"({"change_set_id":"1"})", R"({"change_set_id":"../1","changed_assets":[]})", "[]",
        R"({"change_set_id":-4,"changed_assets":[]})"}) {
    CAPTURE(body);
    GettyBench bench;
    bench.transport.push(200, kOneChannel);
    bench.transport.push(200, body);
    const auto page = bench.make().poll(changes_from(""), {});
    REQUIRE_FALSE(page.ok());
    CHECK(page.error().code == ErrorCode::kProtocol);
  }
}
