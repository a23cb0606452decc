#include <doctest/doctest.h>

#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {

TEST_CASE_FIXTURE(CatalogBench, "license upsert: a new license brings its asset, its pending metadata and its file") {
  CHECK(upsert(sample_license("l-1")) == Upsert::kNew);

  const auto license = catalog.find_license("newsroom", "l-1");
  REQUIRE(license);
  CHECK(static_cast<const License&>(*license) == sample_license("l-1"));
  CHECK(license->provider == "shutterstock");
  CHECK(license->state == LicenseState::kHeld);
  CHECK(license->first_seen_at == now());
  CHECK(catalog.find_asset("newsroom", "1001")->state == AssetState::kUnknown);
  CHECK(file("l-1").state == FileState::kPending);
  REQUIRE(catalog.due_metadata("newsroom", now(), "", 10).size() == 1);
  CHECK(catalog.due_metadata("newsroom", now(), "", 10)[0].asset_id == "1001");
  CHECK(catalog.dirty_sidecars("newsroom", 10) == std::vector<std::string>{"1001"});
}

TEST_CASE_FIXTURE(CatalogBench, "F1 license upsert: the same row again writes nothing") {
  upsert(sample_license("l-1"));
  auto again = sample_license("l-1");
  again.raw = R"({"id":"l-1","rank":7})";
  again.licensed_at_text = "2026-01-31T00:00:00Z";
  const auto before = number("SELECT total_changes()");

  CHECK(upsert(again) == Upsert::kSame);

  CHECK(number("SELECT total_changes()") == before);
  CHECK(catalog.find_license("newsroom", "l-1")->raw == sample_license("l-1").raw);
}

TEST_CASE_FIXTURE(CatalogBench, "license upsert: an unchanged row of a scan writes its mark once and nothing else") {
  upsert(sample_license("l-1"), "scan-1");
  const auto before = number("SELECT total_changes()");

  CHECK(upsert(sample_license("l-1"), "scan-2") == Upsert::kSame);
  CHECK(number("SELECT total_changes()") == before + 1);
  CHECK(upsert(sample_license("l-1"), "scan-2") == Upsert::kSame);
  CHECK(number("SELECT total_changes()") == before + 1);
}

TEST_CASE_FIXTURE(CatalogBench,
                  "license upsert: every normalized field counts as a change, and the first raw text stays") {
  using Edit = void (*)(License&);
  const Edit edits[] = {
      [](License& l) { l.license_type = "enhanced"; }, [](License& l) { l.size = "medium"; },
      [](License& l) { l.format = "tiff"; },           [](License& l) { l.licensed_at += Millis(1000); },
      [](License& l) { l.licensed_by = "ben"; },       [](License& l) { l.downloadable.reset(); },
      [](License& l) { l.media_kind = "video"; },      [](License& l) { l.details.set("subscription_id", "s-2"); },
      [](License& l) { l.asset_id = "1002"; },
  };
  for (const auto edit : edits) {
    CatalogBench bench;
    bench.upsert(sample_license("l-1"));
    auto changed = sample_license("l-1");
    edit(changed);
    changed.raw = "{}";

    CHECK(bench.upsert(changed) == Upsert::kChanged);

    auto stored = *bench.catalog.find_license("newsroom", "l-1");
    CHECK(stored.raw == sample_license("l-1").raw);
    stored.raw = changed.raw;
    CHECK(static_cast<const License&>(stored) == changed);
    CHECK(bench.upsert(changed) == Upsert::kSame);
  }
}

TEST_CASE_FIXTURE(CatalogBench, "license upsert: what may not be fetched is blocked with its reason") {
  auto locked = sample_license("l-1");
  locked.downloadable = false;
  auto video = sample_license("l-2", "2002");
  video.media_kind = "video";

  upsert(locked);
  upsert(video);

  CHECK(file("l-1").state == FileState::kBlocked);
  CHECK(file("l-1").reason == "the provider does not offer this license for download");
  CHECK(file("l-2").reason == "video licenses are not mirrored yet");
  CHECK(catalog.due_files("newsroom", now(), {}, 10).empty());
}

TEST_CASE_FIXTURE(CatalogBench, "license upsert: a file becomes pending when its license is offered again") {
  auto license = sample_license("l-1");
  license.downloadable = false;
  upsert(license);
  license.downloadable = true;

  CHECK(upsert(license) == Upsert::kChanged);

  CHECK(file("l-1").state == FileState::kPending);
  CHECK(file("l-1").reason.empty());
}

TEST_CASE_FIXTURE(CatalogBench, "license upsert: what was blocked while fetching stays blocked with its own reason") {
  upsert(sample_license("l-1"));
  auto blocked = file("l-1");
  blocked.state = FileState::kBlocked;
  blocked.reason = "would use up quota";
  commit([&] { writer.put_file(blocked); });

  upsert(sample_license("l-1"));
  CHECK(file("l-1").reason == "would use up quota");
  auto renamed = sample_license("l-1");
  renamed.details.set("project", "Harbour");
  upsert(renamed);
  CHECK(file("l-1").reason == "would use up quota");
  CHECK(file("l-1").state == FileState::kBlocked);
}

TEST_CASE_FIXTURE(CatalogBench,
                  "license upsert: a file that was fetched stays when its license is not offered any more") {
  upsert(sample_license("l-1"));
  commit([&] { writer.put_file(mirrored("l-1", "newsroom/01/1001/a.jpg")); });
  auto withheld = sample_license("l-1");
  withheld.downloadable = false;

  CHECK(upsert(withheld) == Upsert::kChanged);

  CHECK(file("l-1").state == FileState::kMirrored);
  CHECK(file("l-1").path == "newsroom/01/1001/a.jpg");
}

TEST_CASE_FIXTURE(CatalogBench, "license upsert: a second license of one asset, size and format shares the file") {
  upsert(sample_license("l-1"));
  commit([&] { writer.put_file(mirrored("l-1", "newsroom/01/1001/a.jpg")); });
  auto other_size = sample_license("l-3");
  other_size.size = "small";
  auto unsaid = sample_license("l-4");
  unsaid.size.clear();

  upsert(sample_license("l-2"));
  upsert(other_size);
  upsert(unsaid);

  CHECK(file("l-2").state == FileState::kMirrored);
  CHECK(file("l-2").path == "newsroom/01/1001/a.jpg");
  CHECK(file("l-2").sha256 == std::string(64, 'a'));
  CHECK(file("l-3").state == FileState::kPending);
  CHECK(file("l-4").state == FileState::kPending);
}

TEST_CASE_FIXTURE(CatalogBench, "license upsert: a fetched file is shared with the licenses that wait for it") {
  upsert(sample_license("l-1"));
  upsert(sample_license("l-2"));
  commit([&] {
    writer.put_pending({"newsroom", PendingKind::kFile, "l-2", 1, std::nullopt, "timed out", now()});
    writer.put_file(mirrored("l-1", "newsroom/01/1001/a.jpg"));
  });

  CHECK(file("l-2").state == FileState::kMirrored);
  CHECK(catalog.pending("newsroom", PendingKind::kFile).empty());
  CHECK(catalog.store_totals().files == 1);
  CHECK(catalog.store_totals().bytes == 1234);
}

TEST_CASE_FIXTURE(CatalogBench,
                  "F13 license upsert: a vanished license that is listed again is returned, history kept") {
  upsert(sample_license("l-1"));
  commit([&] { writer.set_license_vanished("newsroom", "l-1", now()); });
  CHECK(catalog.find_license("newsroom", "l-1")->state == LicenseState::kVanished);
  CHECK(catalog.find_license("newsroom", "l-1")->vanished_at == now());
  CHECK(file("l-1").state == FileState::kBlocked);
  CHECK(catalog.due_files("newsroom", now(), {}, 10).empty());

  CHECK(upsert(sample_license("l-1")) == Upsert::kReturned);

  CHECK(catalog.find_license("newsroom", "l-1")->state == LicenseState::kHeld);
  CHECK(!catalog.find_license("newsroom", "l-1")->vanished_at);
  CHECK(file("l-1").state == FileState::kPending);
}

TEST_CASE_FIXTURE(CatalogBench, "license: the row is evidence: it cannot be removed, nor its first raw text replaced") {
  upsert(sample_license("l-1"));

  CHECK_THROWS_AS(db->execute("DELETE FROM license"), DatabaseError);
  CHECK_THROWS_AS(db->execute("UPDATE license SET raw = x'00'"), DatabaseError);
}

}  // namespace damsync
