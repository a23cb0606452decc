#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "storage/base/time.h"
#include "tests/integration/audit_desk.h"

namespace damsync {

namespace fs = std::filesystem;

TEST_CASE("audit: a report lies whole in a folder of its date, and the feed tells of it") {
  AuditDesk desk;
  desk.sync();

  const Json done = desk.audit();

  const fs::path folder = text(done, "directory");
  CHECK(folder.parent_path() == desk.reports());
  CHECK(folder.filename() == text(done, "report_date"));
  for (const char* name : {"report.json", "report.schema.json", "licenses.csv", "findings.csv", "report.html",
                           "MANIFEST.sha256", "MANIFEST.json"})
    CHECK_MESSAGE(fs::is_regular_file(folder / name), name);
  CHECK(fs::read_symlink(desk.reports() / "latest") == folder.filename());
  CHECK(number(done, "licenses") == 3);
  CHECK(flag(done, "complete"));
  const auto changes = lines_of(desk.damsync({"changes", "--json"}).out);
  CHECK(text(changes.back(), "type") == "report.completed");
  const auto fields = *member(changes.back(), "fields").if_array();
  REQUIRE(fields.size() == 9);
  CHECK(*fields[0].if_string() == text(done, "report_date"));
  CHECK(*fields[1].if_string() == "manifest_sha256=" + sha256_hex(bytes_of(folder / "MANIFEST.json")));
  CHECK(fields[2].if_string()->starts_with("catalog_head="));
  CHECK(*fields[3].if_string() == "complete=true");
  CHECK(*fields[6].if_string() == "low=" + std::to_string(number(member(done, "severities"), "low")));
  CHECK(fields[7].if_string()->starts_with("judged_at="));
  CHECK(*fields[8].if_string() == "as_of=" + text(done, "as_of"));
}

TEST_CASE("audit: the same state gives no second report, and a changed one gets the next name") {
  AuditDesk desk;
  desk.sync();
  const Json first = desk.audit();
  const Json again = desk.audit();
  CHECK_FALSE(flag(again, "written"));
  CHECK(text(again, "directory") == text(first, "directory"));

  desk.add_license(Desk::image_id(0), SystemClock().utc());
  desk.sync();
  const Json changed = desk.audit();
  CHECK(flag(changed, "written"));
  CHECK(text(changed, "directory") == text(first, "directory") + ".2");
  const auto diff =
      lines_of(desk.damsync({"audit", "diff", text(first, "directory"), text(changed, "directory"), "--json"}).out);
  REQUIRE(diff.size() == 1);
  CHECK(member(diff[0], "licenses_added").if_array()->size() == 1);
}

TEST_CASE("audit: a past moment gives the same bytes whatever happened since, and joins no chain") {
  AuditDesk desk;
  desk.refusals_expected = true;  // 404 for what was withdrawn
  desk.sync();
  const std::string moment = format_rfc3339(SystemClock().utc());
  const auto report = [&] {
    const fs::path folder = text(desk.audit({"--as-of", moment}), "directory");
    CHECK(folder.parent_path() == desk.reports() / "as-of");
    return bytes_of(folder / "report.json");
  };
  const std::string before = report();
  desk.sync();
  CHECK(report() == before);
  desk.damsync({"verify"});
  CHECK(report() == before);
  desk.sim.edit([now = desk.sim.now()](ShutterstockState& state) {
    state.edit_description(Desk::image_id(1), "Changed words", now);
    state.withdraw(Desk::image_id(2), now);
  });
  desk.add_license(Desk::image_id(1), SystemClock().utc() + std::chrono::seconds(1));  // told in whole seconds
  desk.sync(0, {"--full"});
  fs::remove_all(desk.store() / "newsroom");
  desk.audit();
  desk.damsync({"verify"});
  CHECK(report() == before);
  CHECK(holds(before, "The settings of today apply"));
}

TEST_CASE("audit: of a day before the first sync it tells what was licensed by then") {
  AuditDesk desk;
  desk.sync();
  const std::string then = format_rfc3339(desk.sim.now() - std::chrono::minutes(210));  // after two of three
  CHECK(number(desk.audit({"--as-of", then}), "licenses") == 2);
}

TEST_CASE("A1 audit: licenses that could not be read and assets that were not described make the report incomplete") {
  AuditDesk desk;
  desk.refusals_expected = true;
  desk.calls_comparable = false;  // the first sync is not one of `Desk::sync`
  desk.after = [](const SimRequest& request, SimResponse& response) {
    if (request.path == "/v2/images") response.status = 500;
    const auto at = response.body.find("\"image\":");
    if (request.path == "/v2/images/licenses" && at != std::string::npos) response.body.replace(at, 8, "\"imgae\":");
  };
  desk.damsync({"sync", "--full"});
  const Json done = desk.audit();
  CHECK_FALSE(flag(done, "complete"));
  const std::string summary = text(done, "summary");
  CHECK_MESSAGE(holds(summary, "could not be read and is set aside: license i"), summary);
  CHECK_MESSAGE(holds(summary, "wait to be described by the provider"), summary);
  desk.after = nullptr;
  desk.sync(0, {"--full"});
  const Json whole = desk.audit();
  CHECK_MESSAGE(flag(whole, "complete"), text(whole, "summary"));
}

TEST_CASE("audit: a plan with little left and people without a release are found in what the provider says") {
  AuditDesk desk;
  desk.sim.edit([now = desk.sim.now()](ShutterstockState& state) {
    SimSubscription plan;
    plan.id = "s30187600";
    plan.expiration = now + std::chrono::hours(24 * 200);
    plan.allotment = {now - std::chrono::hours(24), now + std::chrono::hours(24), 3, 750};
    state.subscriptions = {plan};
    SimImage image = *state.image(Desk::image_id(0));
    image.model_release = false;
    image.models = {"4711"};
    state.put_image(image);
  });
  desk.sync();
  const Json done = desk.audit();
  CHECK(AuditDesk::open(done, "QUOTA_LOW") == 1);
  CHECK(AuditDesk::open(done, "RELEASE_MISSING") == 1);
  CHECK(AuditDesk::open(done, "PLAN_ENDING") == 0);
}

TEST_CASE("audit: an account that left the settings and holds licenses makes the report incomplete") {
  AuditDesk desk;
  desk.sync();
  desk.account["name"] = "\"renamed\"";
  desk.write_settings();
  const Json done = desk.audit();
  CHECK_FALSE(flag(done, "complete"));
  CHECK(holds(text(done, "summary"), "newsroom: not in the settings"));
}

TEST_CASE("audit: files dropped into the store and files taken out of it are findings") {
  AuditDesk desk;
  desk.sync();
  std::ofstream(desk.store() / "stray.jpg") << "by hand";
  fs::remove(desk.store() / desk.tree().begin()->first);
  for (const auto& [path, bytes] : desk.tree())
    if (path.ends_with(".jpg") && path != "stray.jpg") {
      fs::remove(desk.store() / path);
      break;
    }
  Json done = desk.audit();
  CHECK(AuditDesk::open(done, "FILE_NO_LICENSE") == 1);
  CHECK(AuditDesk::open(done, "FILE_MISSING") == 1);

  for (const auto& [path, bytes] : desk.tree())
    if (path.ends_with(".jpg") && path != "stray.jpg") {
      fs::resize_file(desk.store() / path, 100);
      break;
    }
  done = desk.audit();
  CHECK(AuditDesk::open(done, "FILE_HASH_MISMATCH") == 1);
}

TEST_CASE("W5 audit: a file whose name is no UTF-8 is named in every format so that it can be read") {
  AuditDesk desk;
  desk.sync();
  const auto hostile = desk.store() /
                       "b\xff"
                       "d.jpg";
  std::ofstream(hostile) << "by hand";
  desk.write_file("waivers.toml",
                  "[[waiver]]\ncode = \"FILE_NO_LICENSE\"\npath = 'b\\xffd.jpg'\nby = \"legal\"\nreason = \"known\"\n");
  const auto report = [&] { return fs::path(text(desk.audit(), "directory")); };
  const auto folder = report();
  for (const char* name : {"report.json", "findings.csv", "report.html"}) {
    const auto bytes = bytes_of(folder / name);
    CHECK_MESSAGE(is_utf8(bytes), name);
    CHECK_MESSAGE(holds(bytes, name == std::string("report.json") ? "b\\\\xffd.jpg" : "b\\xffd.jpg"), name);
  }
  CHECK(AuditDesk::open(desk.audit(), "FILE_NO_LICENSE") == 1);
  desk.settings("waivers = \"" + (desk.dir / "waivers.toml") + "\"\n");
  CHECK(AuditDesk::open(desk.audit(), "FILE_NO_LICENSE") == 0);
  CHECK(is_utf8(desk.damsync({"verify", "--json"}).out));
  fs::remove(hostile);
}

TEST_CASE("audit: waivers and agreements of the settings take effect, and a broken list of waivers waives nothing") {
  AuditDesk desk;
  desk.sync();
  CHECK(AuditDesk::open(desk.audit(), "END_DATE_UNKNOWN") == 3);

  desk.write_file("waivers.toml", "[[waiver]]\ncode = \"END_DATE_UNKNOWN\"\nby = \"legal\"\nreason = \"perpetual\"\n");
  desk.settings("waivers = \"" + (desk.dir.path() / "waivers.toml").string() + "\"\n");
  CHECK(AuditDesk::open(desk.audit(), "END_DATE_UNKNOWN") == 0);

  desk.settings("[[agreement]]\nmatch = { account = \"newsroom\" }\nend = 2999-12-31\n");
  CHECK(AuditDesk::open(desk.audit(), "END_DATE_UNKNOWN") == 0);
  desk.settings(
      "[[agreement]]\nmatch = { account = \"newsroom\" }\nend = 2001-01-01\n");  // ended before they were taken
  CHECK(AuditDesk::open(desk.audit(), "END_DATE_UNKNOWN") == 3);

  desk.write_file("waivers.toml", "[[waiver]]\ncode = \"EXPIERD\"\nby = \"legal\"\nreason = \"typo\"\n");
  desk.settings("waivers = \"" + (desk.dir.path() / "waivers.toml").string() + "\"\n");
  const Json broken = desk.audit({}, 1);
  CHECK_FALSE(flag(broken, "complete"));
  CHECK(holds(text(broken, "command_error"), "waivers.toml:2"));
  CHECK(holds(text(broken, "summary"), "INCOMPLETE. no waiver was applied"));
  CHECK(AuditDesk::open(broken, "END_DATE_UNKNOWN") == 3);
}

TEST_CASE("audit: config check names what is wrong with the list of waivers") {
  AuditDesk desk(0);
  desk.settings("waivers = \"" + (desk.dir.path() / "waivers.toml").string() + "\"\n");
  const auto check = [&] { return desk.damsync({"config", "check"}); };
  CHECK(check().exit_code == 78);  // missing
  desk.write_file("waivers.toml",
                  "[[waiver]]\ncode = \"ADULT\"\nprovider = \"shuterstock\"\nby = \"a\"\nreason = \"b\"\n");
  CHECK(holds(check().err, "waivers.toml:3: waiver.provider"));
  desk.write_file("waivers.toml",
                  "[[waiver]]\ncode = \"ADULT\"\nprovider = \"shutterstock\"\nby = \"a\"\nreason = \"b\"\n");
  CHECK(check().exit_code == 0);
}

TEST_CASE("audit: one stray file can be waived, and one account") {
  AuditDesk desk;
  desk.sync();
  std::ofstream(desk.store() / "stray.jpg") << "by hand";
  std::ofstream(desk.store() / "other.jpg") << "by hand";
  desk.settings("waivers = \"" + (desk.dir.path() / "waivers.toml").string() + "\"\n");
  const std::string signed_off = "by = \"legal\"\nreason = \"house photo\"\n";
  desk.write_file("waivers.toml", "[[waiver]]\ncode = \"FILE_NO_LICENSE\"\npath = \"stray.jpg\"\n" + signed_off +
                                      "[[waiver]]\ncode = \"END_DATE_UNKNOWN\"\naccount = \"newsroom\"\n" + signed_off);
  const Json done = desk.audit();
  CHECK(AuditDesk::open(done, "FILE_NO_LICENSE") == 1);
  CHECK(AuditDesk::open(done, "END_DATE_UNKNOWN") == 0);
}

TEST_CASE("audit: audit.command gets the folder and the summary, and its failure harms nothing") {
  AuditDesk desk;
  desk.sync();
  desk.write_file("hook",
                  "#!/bin/sh\ncat > '" + (desk.dir.path() / "mail.txt").string() +
                      "'\ntest -f \"$1/MANIFEST.json\" && test -n \"$HOME\"\n",
                  0755);
  desk.settings("command = [\"" + (desk.dir.path() / "hook").string() + "\"]\n");
  const Json done = desk.audit();
  CHECK(bytes_of(desk.dir.path() / "mail.txt") == text(done, "summary") + "\n");

  desk.settings("command = [\"/bin/false\"]\n");
  desk.add_license(Desk::image_id(0), SystemClock().utc());
  desk.sync();
  const Json failed = desk.audit({}, 1);
  CHECK(text(failed, "command_error") == "audit.command: ended with exit code 1");
  CHECK(fs::exists(fs::path(text(failed, "directory")) / "MANIFEST.json"));
}

TEST_CASE("A2 audit: a program that is killed while it writes leaves the old report only") {
  AuditDesk desk;
  desk.sync();
  const fs::path folder = text(desk.audit(), "directory");
  desk.add_license(Desk::image_id(0), SystemClock().utc());
  desk.sync();
  int fired = 0;
  for (int point = 1; point <= 40; ++point) {
    desk.environment["DAMSYNC_CRASH_AT"] = std::to_string(point);
    const ProgramResult result = desk.damsync({"audit"});
    desk.environment.erase("DAMSYNC_CRASH_AT");
    if (result.exit_code == 0) break;
    ++fired;
    // Either nothing new is visible, or the whole new report is.
    for (const auto& entry : fs::directory_iterator(desk.reports()))
      if (entry.is_directory() && !entry.path().filename().string().starts_with("."))
        CHECK(fs::exists(entry.path() / "MANIFEST.json"));
  }
  CHECK(fired > 0);
  desk.audit();
  CHECK(desk.damsync({"audit", "verify"}).exit_code == 0);
  CHECK(fs::exists(folder));
}

TEST_CASE("proof: two files say what is known of one asset") {
  AuditDesk desk;
  desk.sync();
  const std::string name = "proof-shutterstock-" + Desk::image_id(0);
  const auto folder = desk.dir.path() / "evidence";
  const ProgramResult result =
      desk.damsync({"proof", "shutterstock:" + Desk::image_id(0), "--output", folder.string(), "--json"});
  CHECK(result.exit_code == 0);
  CHECK(fs::exists(folder / (name + ".html")));
  CHECK(fs::exists(folder / (name + ".json")));
  const auto lines = lines_of(result.out);
  REQUIRE(lines.size() == 1);
  const Json& holding = member(lines[0], "holdings").if_array()->at(0);
  const Json& license = member(holding, "licenses").if_array()->at(0);
  CHECK(text(license, "license_id") == Desk::license_id(0));
  CHECK(flag(license, "raw_matches_sha256"));
  CHECK(desk.damsync({"proof", "shutterstock:1"}).exit_code == 1);
  CHECK(desk.damsync({"proof", "1"}).exit_code == 2);
}

TEST_CASE("C4 audit: wrong use ends in 2, and before the first sync there is nothing to report") {
  AuditDesk desk(0);
  const std::vector<Words> wrong = {{"audit", "diff"},
                                    {"audit", "diff", "a"},
                                    {"audit", "sing"},
                                    {"audit", "--as-of", "yesterday"},
                                    {"audit", "--as-of", "2999-01-01"},
                                    {"audit", "--as-of", format_rfc3339(SystemClock().utc() + std::chrono::hours(1))},
                                    {"audit", "--dry-run"},
                                    {"audit", "verify", "a", "b"},
                                    {"audit", "--public-key", "x"}};
  for (const Words& words : wrong) CHECK(desk.damsync(words).exit_code == 2);
  CHECK(desk.damsync({"audit"}).exit_code == 74);
  CHECK_FALSE(fs::exists(desk.reports()));
}

}  // namespace damsync
