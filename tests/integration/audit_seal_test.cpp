#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "storage/base/digest.h"
#include "storage/base/time.h"
#include "tests/integration/audit_desk.h"

namespace damsync {

namespace fs = std::filesystem;

TEST_CASE("audit: a time stamp that does not come is said in the summary, and the exit code tells") {
  AuditDesk desk;
  desk.sync();
  desk.settings("timestamp_url = \"http://127.0.0.1:1/\"\n");
  const Json done = desk.audit({}, 1);
  CHECK(text(done, "command_error").starts_with("audit.timestamp_url: "));
  CHECK(holds(text(done, "summary"), " It bears no time stamp: "));
  CHECK(fs::exists(fs::path(text(done, "directory")) / "MANIFEST.json"));

  const Json again = desk.audit({}, 1);  // still none, and still said
  CHECK_FALSE(flag(again, "written"));
  CHECK(text(again, "directory") == text(done, "directory"));
  CHECK(holds(text(again, "summary"), " It bears no time stamp: "));
}

TEST_CASE("A3 audit: verify names each report when their folder is gone, and nothing where none was written") {
  AuditDesk desk;
  CHECK(desk.verify({(desk.dir.path() / "none").string()}).exit_code == 2);
  desk.sync();
  const auto name = fs::path(text(desk.audit(), "directory")).filename().string();
  fs::rename(desk.reports(), desk.dir.path() / "elsewhere");
  const ProgramResult gone = desk.verify();
  CHECK(gone.exit_code == 3);
  CHECK(holds(gone.out, name));
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
  CHECK(holds(prune_later({"--dry-run"}).out, "1 report would be removed"));
  CHECK(fs::exists(first));

  const std::string whole = bytes_of(first / "licenses.csv");
  std::ofstream(first / "licenses.csv", std::ios::app) << "x";
  CHECK(prune_later().exit_code == 3);  // what was altered is evidence
  CHECK(fs::exists(first));
  std::ofstream(first / "licenses.csv") << whole;

  const ProgramResult removed = prune_later();
  CHECK(removed.exit_code == 0);
  CHECK(holds(removed.out, "1 report removed"));
  CHECK_FALSE(fs::exists(first));
  CHECK_FALSE(fs::exists(first.string() + ".pdf"));
  CHECK(fs::exists(newest));
  CHECK(desk.verify().exit_code == 0);

  fs::create_directory(first);  // as a crash in the midst of the removal leaves it
  std::ofstream(first / "licenses.csv") << whole;
  CHECK(desk.verify().exit_code == 3);
  const ProgramResult ended = prune_later();
  CHECK(ended.exit_code == 0);
  CHECK(holds(ended.out, "1 report removed"));
  CHECK_FALSE(fs::exists(first));
  CHECK(desk.verify().exit_code == 0);
  fs::copy(newest, first, fs::copy_options::recursive);  // what is something else stays to be looked at
  CHECK(prune_later().exit_code == 3);
  CHECK(fs::exists(first));
  fs::remove_all(first);

  fs::remove(newest.string() + ".pdf");
  const ProgramResult without_page = desk.verify();
  CHECK(without_page.exit_code == 3);
  CHECK(holds(without_page.out, newest.filename().string() + ".pdf"));
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

}  // namespace damsync
