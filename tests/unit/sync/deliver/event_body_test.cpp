#include "sync/deliver/event_body.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "sync/http/json_reader.h"

namespace damsync {
namespace {

Change stored() {
  Change change;
  change.seq = 17;
  change.id = "01KAFE00000000000000000000";
  change.time = UtcTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31)) + std::chrono::milliseconds(1);
  change.type = EventType::kAssetStored;
  change.provider = "shutterstock";
  change.account = "newsroom";
  change.asset_id = "118139110";
  change.license_id = "i1";
  change.revision = 3;
  change.fields = {"file"};
  return change;
}

ChangeDetails details() {
  ChangeDetails out;
  out.state = AssetState::kActive;
  out.title = "A picture";
  LicenseFacts license;
  license.license_id = "i1";
  license.license_type = "standard";
  license.file_state = FileState::kMirrored;
  license.path = "newsroom/10/118139110/a.jpg";
  license.sha256 = std::string(64, 'a');
  license.bytes = 1234;
  out.licenses.push_back(license);
  return out;
}

std::string text(const Json& json, std::string_view name) {
  const Json* found = json.find(name);
  REQUIRE(found != nullptr);
  return found->if_string() != nullptr ? *found->if_string() : write_json(*found);
}

}  // namespace

TEST_CASE("event: a change is a CloudEvent whose data holds the feed's members and what the catalog knows") {
  const Json event = parse_json(cloud_event(stored(), details(), std::nullopt)).value();
  CHECK(text(event, "specversion") == "1.0");
  CHECK(text(event, "id") == "01KAFE00000000000000000000");
  CHECK(text(event, "source") == "damsync:/shutterstock/newsroom");
  CHECK(text(event, "type") == "org.damsync.asset.stored.v1");
  CHECK(text(event, "subject") == "shutterstock:118139110");
  CHECK(text(event, "time") == "2026-01-31T00:00:00.001Z");
  const Json& data = *event.find("data");
  CHECK(text(data, "provider") == "shutterstock");
  CHECK(text(data, "account") == "newsroom");
  CHECK(text(data, "asset_id") == "118139110");
  CHECK(text(data, "license_id") == "i1");
  CHECK(text(data, "revision") == "3");
  CHECK(text(data, "fields") == R"(["file"])");
  CHECK(text(data, "path") == "newsroom/10/118139110/a.jpg");
  CHECK(text(data, "sha256") == std::string(64, 'a'));
  CHECK(text(data, "editorial") == "null");
}

TEST_CASE("event: tells all licenses of its asset, and the file of its own first") {
  ChangeDetails both = details();
  both.licenses.push_back(both.licenses.front());
  both.licenses.front().license_id = "i0";
  both.licenses.front().path = "newsroom/10/118139110/small.jpg";
  const Json event = parse_json(cloud_event(stored(), both, std::nullopt)).value();
  const Json& data = *event.find("data");
  CHECK(data.find("licenses")->if_array()->size() == 2);
  CHECK(text(data, "path") == "newsroom/10/118139110/a.jpg");
}

TEST_CASE("event: what is about no asset has no subject, and a failure tells its kind") {
  Change change = stored();
  change.type = EventType::kSyncFailed;
  change.asset_id = change.license_id = "";
  change.revision = 0;
  const Json event = parse_json(cloud_event(change, {}, RunFailure{"unauthorized", "token refused"})).value();
  CHECK(event.find("subject") == nullptr);
  CHECK(text(*event.find("data")->find("error"), "code") == "unauthorized");
  change.account = change.provider = "";
  CHECK(text(parse_json(cloud_event(change, {}, std::nullopt)).value(), "source") == "damsync:/");
}

TEST_CASE("W5 event: whatever a title holds, the event is one line of JSON that says the same") {
  for (const std::string title : {"a\r\nInjected: header", "<script>alert(1)</script>", "=cmd()", "\x1b[31mred", "\x7f",
                                  "quote \" and \\ slash", "\xe2\x80\xae\xd7\xa9\xd7\x95\xd7\xa7"}) {
    CAPTURE(title);
    ChangeDetails hostile = details();
    hostile.title = title;
    const std::string body = cloud_event(stored(), hostile, std::nullopt);
    CHECK(std::none_of(body.begin(), body.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
    CHECK(text(*parse_json(body).value().find("data"), "title") == title);
  }
}

TEST_CASE("event: a filter asks the event's own license, or all held ones") {
  ChangeDetails both = details();
  LicenseFacts vanished = both.licenses.front();
  vanished.license_type = "enhanced";
  vanished.state = LicenseState::kVanished;
  both.licenses.push_back(vanished);
  Change change = stored();
  change.license_id = "";
  CHECK(subject_of(change, both).license_types == std::vector<std::string>{"standard"});
  both.licenses.back().license_id = "i2";
  change.license_id = "i2";
  CHECK(subject_of(change, both).license_types == std::vector<std::string>{"enhanced"});
}

TEST_CASE("event body: a finished report brings the hashes that seal it, and what it says") {
  Change change = stored();
  change.type = EventType::kReportCompleted;
  change.provider = change.account = change.asset_id = change.license_id = "";
  change.fields = {"2026-03-15",
                   "manifest_sha256=" + std::string(64, '1'),
                   "catalog_head=" + std::string(64, 'b'),
                   "complete=true",
                   "high=2",
                   "medium=0",
                   "low=12",
                   "judged_at=2026-03-15T01:30:00Z",
                   "as_of=2026-03-15T01:29:00Z"};
  const auto body = cloud_event(change, {}, std::nullopt);
  CHECK(body.find(R"("report":{"name":"2026-03-15","manifest_sha256":"1111)") != std::string::npos);
  CHECK(body.find(R"("complete":true,"judged_at":"2026-03-15T01:30:00Z","as_of":"2026-03-15T01:29:00Z",)"
                  R"("findings":{"high":2,"medium":0,"low":12}})") != std::string::npos);
  change.fields = {"2026-03-15"};  // of an older damsync
  CHECK(cloud_event(change, {}, std::nullopt).find(R"("report":{"name":"2026-03-15"})") != std::string::npos);
}

}  // namespace damsync
