#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/base/digest.h"
#include "storage/base/time.h"
#include "tests/integration/desk.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A desk whose reports lie beside its store.
struct AuditDesk : Desk {
  explicit AuditDesk(int images = 3, const std::string& more = "") : Desk(images) { settings(more); }

  void settings(const std::string& more) {
    fs::create_directory(dir.path() / "conf.d");
    write_file("conf.d/audit.toml", "[audit]\ndirectory = \"" + reports().string() + "\"\n" + more);
  }
  [[nodiscard]] fs::path reports() const { return dir.path() / "reports"; }

  /// `audit --json` and what it printed.
  Json audit(const Words& more = {}, int exit_code = 0) {
    Words words = {"audit", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const ProgramResult result = damsync(words);
    CHECK_MESSAGE(result.exit_code == exit_code, result.err);
    const auto lines = lines_of(result.out);
    REQUIRE(lines.size() == 1);
    return lines[0];
  }
  ProgramResult verify(const Words& folder = {}) {
    Words words = {"audit", "verify"};
    words.insert(words.end(), folder.begin(), folder.end());
    return damsync(words);
  }
  [[nodiscard]] static std::int64_t open(const Json& audit, const char* code) {
    const Json* count = member(audit, "findings").find(code);
    return count == nullptr ? 0 : number(*count, "open");
  }
};

}  // namespace

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
  REQUIRE(fields.size() == 7);
  CHECK(*fields[0].if_string() == text(done, "report_date"));
  CHECK(*fields[1].if_string() == "manifest_sha256=" + sha256_hex(bytes_of(folder / "MANIFEST.json")));
  CHECK(fields[2].if_string()->starts_with("catalog_head="));
  CHECK(*fields[3].if_string() == "complete=true");
  CHECK(*fields[6].if_string() == "low=" + std::to_string(number(member(done, "severities"), "low")));
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
  desk.add_license(Desk::image_id(1), SystemClock().utc());
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

TEST_CASE("audit: a report into another folder takes no changes from the reports of the night") {
  AuditDesk desk;
  desk.sync();
  const fs::path own = text(desk.audit(), "directory");
  desk.add_license(Desk::image_id(0), SystemClock().utc());
  desk.sync();
  desk.audit({"--output", (desk.dir.path() / "elsewhere").string()});
  const auto changes = lines_of(desk.damsync({"changes", "--json"}).out);
  CHECK(text(changes.back(), "type") == "report.completed");
  // The chain of the settings has one report, of this date: for the next one of another date it is the one before.
  CHECK(fs::exists(own));
  CHECK_FALSE(fs::exists(own.string() + ".2"));
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

TEST_CASE("audit: a time stamp that does not come is said in the summary, and the exit code tells") {
  AuditDesk desk;
  desk.sync();
  desk.settings("timestamp_url = \"http://127.0.0.1:1/\"\n");
  const Json done = desk.audit({}, 1);
  CHECK(text(done, "command_error").starts_with("audit.timestamp_url: "));
  CHECK(holds(text(done, "summary"), " It bears no time stamp: "));
  CHECK(fs::exists(fs::path(text(done, "directory")) / "MANIFEST.json"));
}

TEST_CASE("A3 audit: the page of pdf_command lies beside its report, and a forged one is found") {
  AuditDesk desk;
  desk.sync();
  desk.settings("pdf_command = [\"/bin/cp\"]\n");
  const std::string report = text(desk.audit(), "directory");
  CHECK(bytes_of(report + ".pdf") == bytes_of(fs::path(report) / "report.html"));
  CHECK(desk.verify().exit_code == 0);
  std::ofstream(report + ".pdf") << "forged";
  CHECK(holds(desk.verify().out, "altered"));

  desk.settings("pdf_command = [\"/bin/false\"]\n");
  desk.add_license(Desk::image_id(0), SystemClock().utc());
  desk.sync();
  const Json failed = desk.audit({}, 1);
  CHECK(text(failed, "command_error") == "audit.pdf_command: ended with exit code 1");
  std::ofstream(text(failed, "directory") + ".pdf") << "forged";
  CHECK(holds(desk.verify().out, "is not known to the catalog"));
}

TEST_CASE("A3 audit: reports are known wherever they lie: copied, moved, through a link, and those of a past date") {
  AuditDesk desk;
  desk.sync();
  desk.audit();
  desk.audit({"--as-of", format_rfc3339(SystemClock().utc())});
  const auto own = (desk.dir.path() / "own").string();
  desk.audit({"--output", own});
  CHECK(desk.verify({}).exit_code == 0);
  CHECK(desk.verify({own}).exit_code == 0);
  CHECK(desk.verify({(desk.reports() / "as-of").string()}).exit_code == 0);

  const auto copy = desk.dir.path() / "copy", link = desk.dir.path() / "link", moved = desk.dir.path() / "moved";
  fs::copy(desk.reports(), copy, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  CHECK(desk.verify({copy.string()}).exit_code == 0);
  fs::create_directory_symlink(desk.reports(), link);
  CHECK(desk.verify({link.string()}).exit_code == 0);
  fs::rename(own, moved);
  CHECK(desk.verify({moved.string()}).exit_code == 0);
  desk.add_license(Desk::image_id(0), SystemClock().utc());
  desk.sync();
  desk.audit({"--output", moved.string()});  // goes on there
  CHECK(desk.verify({moved.string()}).exit_code == 0);
  fs::remove_all(fs::read_symlink(copy / "latest").is_absolute() ? copy : copy / fs::read_symlink(copy / "latest"));
  CHECK(desk.verify({copy.string()}).exit_code == 3);
}

TEST_CASE("A3 audit: latest leads to the newest report and nowhere else, and reports of a past date are looked at") {
  AuditDesk desk;
  desk.sync();
  const fs::path first = text(desk.audit(), "directory");
  desk.add_license(Desk::image_id(0), SystemClock().utc());
  desk.sync();
  const fs::path second = text(desk.audit(), "directory");
  const fs::path past = text(desk.audit({"--as-of", format_rfc3339(SystemClock().utc())}), "directory");
  CHECK(desk.verify().exit_code == 0);

  const auto latest = desk.reports() / "latest";
  const auto forged = desk.reports() / ".2026-01-01.partial";
  fs::copy(second, forged, fs::copy_options::recursive);
  for (const auto& target : {first.filename(), forged.filename(), fs::path("as-of") / past.filename()}) {
    fs::remove(latest);
    fs::create_directory_symlink(target, latest);
    CHECK(holds(desk.verify().out, "and not to the newest report " + second.filename().string()));
  }
  fs::remove(latest);
  fs::rename(forged, latest);
  CHECK(holds(desk.verify().out, "is no link to the newest report"));
  fs::remove_all(latest);
  CHECK(desk.verify().exit_code == 0);

  std::ofstream(past / "findings.csv", std::ios::app) << "x";
  const ProgramResult flipped = desk.verify();
  CHECK(flipped.exit_code == 3);
  CHECK(holds(flipped.out, "as-of/" + past.filename().string()));
}

TEST_CASE("audit: audit.command gets the folder and the summary, and its failure harms nothing") {
  AuditDesk desk;
  desk.sync();
  desk.write_file("hook",
                  "#!/bin/sh\ncat > '" + (desk.dir.path() / "mail.txt").string() + "'\ntest -f \"$1/MANIFEST.json\"\n",
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

TEST_CASE("A3 audit: verify finds what was changed, says where, and ends in 3") {
  AuditDesk desk;
  desk.sync();
  const fs::path folder = text(desk.audit(), "directory");
  const auto verify = [&] { return desk.damsync({"audit", "verify", "--json"}); };
  CHECK(verify().exit_code == 0);

  std::ofstream(folder / "licenses.csv", std::ios::app) << "x";
  const ProgramResult changed = verify();
  CHECK(changed.exit_code == 3);
  const auto lines = lines_of(changed.out);
  REQUIRE(lines.size() == 1);
  CHECK(text(member(lines[0], "faults").if_array()->at(0), "file") == "licenses.csv");
  fs::remove_all(folder);
  CHECK(verify().exit_code == 3);
}

TEST_CASE("A3 audit: verify takes no other key than those given, and a file that holds none is wrong use") {
  AuditDesk desk;
  desk.sync();
  const auto key_pair = [&](const std::string& name) {
    const auto path = (desk.dir.path() / name).string();
    const std::string make = "openssl genpkey -algorithm ed25519 -out '" + path + "' 2>/dev/null && chmod 600 '" +
                             path + "' && openssl pkey -in '" + path + "' -pubout -out '" + path + ".pub'";
    REQUIRE(std::system(make.c_str()) == 0);
    return path;
  };
  const auto own = key_pair("own"), foreign = key_pair("foreign");
  const auto verify = [&](const std::string& key) { return desk.damsync({"audit", "verify", "--public-key", key}); };
  desk.audit();
  CHECK(verify(own + ".pub").exit_code == 3);  // not signed

  desk.settings("signing_key = { file = \"" + own + "\" }\n");
  const auto signed_chain = (desk.dir.path() / "signed").string();
  const fs::path report = text(desk.audit({"--output", signed_chain}), "directory");
  const auto verify_signed = [&](const std::string& key) {
    return desk.damsync({"audit", "verify", signed_chain, "--public-key", key});
  };
  CHECK(verify_signed(own + ".pub").exit_code == 0);
  CHECK(verify_signed(foreign + ".pub").exit_code == 3);
  CHECK(verify_signed((report / "report.json").string()).exit_code == 2);
  CHECK(verify_signed(own).exit_code == 2);  // the private key is none to check with
  const std::string stock = "openssl pkeyutl -verify -pubin -inkey '" + own + ".pub' -rawin -in '" +
                            (report / "MANIFEST.json").string() + "' -sigfile '" +
                            (report / "MANIFEST.json.sig").string() + "' > /dev/null";
  CHECK(std::system(stock.c_str()) == 0);
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

TEST_CASE("audit: prune removes what is older than keep_days, never the newest, and the chain still holds") {
  constexpr const char* kFakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
  if (!fs::exists(kFakeTime)) {
    MESSAGE("skipped: faketime is not installed");
    return;
  }
  AuditDesk desk;
  desk.sync();
  desk.settings("keep_days = 30\npdf_command = [\"/bin/cp\"]\n");
  const fs::path first = text(desk.audit(), "directory");
  desk.add_license(Desk::image_id(0), SystemClock().utc());
  desk.sync();
  const fs::path newest = text(desk.audit(), "directory");
  const auto prune_later = [&](const Words& more = {}) {
    Words words = {"audit", "prune"};
    words.insert(words.end(), more.begin(), more.end());
    desk.environment["LD_PRELOAD"] = kFakeTime;
    desk.environment["FAKETIME"] = "+40d";
    auto result = desk.damsync(words);
    desk.environment.erase("LD_PRELOAD");
    desk.environment.erase("FAKETIME");
    return result;
  };
  CHECK(holds(desk.damsync({"audit", "prune"}).out, "0 reports removed"));
  CHECK(holds(prune_later({"--dry-run"}).out, "1 reports would be removed"));
  CHECK(fs::exists(first));

  const std::string whole = bytes_of(first / "licenses.csv");
  std::ofstream(first / "licenses.csv", std::ios::app) << "x";
  CHECK(prune_later().exit_code == 3);  // what was altered is evidence
  CHECK(fs::exists(first));
  std::ofstream(first / "licenses.csv") << whole;

  const ProgramResult removed = prune_later();
  CHECK(removed.exit_code == 0);
  CHECK(holds(removed.out, "1 reports removed"));
  CHECK_FALSE(fs::exists(first));
  CHECK_FALSE(fs::exists(first.string() + ".pdf"));
  CHECK(fs::exists(newest));
  CHECK(desk.verify().exit_code == 0);
  desk.settings("");
  CHECK(desk.damsync({"audit", "prune"}).exit_code == 2);
}

TEST_CASE("audit: prune removes a report that was altered only when it is told to") {
  constexpr const char* kFakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
  if (!fs::exists(kFakeTime)) {
    MESSAGE("skipped: faketime is not installed");
    return;
  }
  AuditDesk desk;
  desk.sync();
  desk.settings("keep_days = 30\n");
  const fs::path first = text(desk.audit(), "directory");
  desk.add_license(Desk::image_id(0), SystemClock().utc());
  desk.sync();
  desk.audit();
  fs::remove(first / "licenses.csv");
  desk.environment["LD_PRELOAD"] = kFakeTime;
  desk.environment["FAKETIME"] = "+40d";
  CHECK(desk.damsync({"audit", "prune"}).exit_code == 3);
  CHECK(fs::exists(first));
  CHECK(desk.damsync({"audit", "prune", "--damaged"}).exit_code == 0);
  CHECK_FALSE(fs::exists(first));
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
