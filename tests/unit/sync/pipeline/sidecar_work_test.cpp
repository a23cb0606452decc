#include "sync/pipeline/sidecar_work.h"

#include <doctest/doctest.h>

#include "storage/catalog/layout_book.h"
#include "sync/http/json_reader.h"
#include "sync/pipeline/verify.h"
#include "sync/sidecar/json_ld_writer.h"
#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Agreement ltd(std::chrono::year_month_day end) {
  Agreement agreement;
  agreement.licensee = "Example Media Ltd";
  agreement.end = std::chrono::sys_days(end);
  return agreement;
}

struct AgreementBench : CycleBench {
  AgreementBench() {
    provider.add("101", "e1");
    provider.add("102", "e2");
  }

  [[nodiscard]] std::string xmp(const std::string& asset_id = "101") const {
    return visible_files().at(path_of(asset_id) + ".xmp");
  }
  [[nodiscard]] std::filesystem::file_time_type written(const std::string& asset_id) const {
    return std::filesystem::last_write_time(dir.path() / "store" / (path_of(asset_id) + ".xmp"));
  }
};

constexpr auto k2030 = std::chrono::year(2030) / 12 / 31;

/// Two accounts that hold the same assets.
struct TwoDesks : AgreementBench {
  AccountSummary cycle_of(const std::string& name) {
    account = name;
    return cycle();
  }
  [[nodiscard]] std::string place(const std::string& name, const std::string& asset_id = "101") {
    return catalog().find_asset(name, asset_id)->sidecar_path;
  }
  /// Which account the record that stands there is of.
  [[nodiscard]] std::string owner_of(const std::string& path) const {
    const auto json = parse_json(visible_files().at(path));
    return *json->find("account")->if_string();
  }
};

struct FormatBench : AgreementBench {
  void write_only(std::vector<std::string> formats) {
    writers.clear();
    for (const auto& format : formats) {
      if (format == "xmp") writers.push_back(std::make_unique<XmpWriter>());
      if (format == "json") writers.push_back(std::make_unique<JsonWriter>());
      if (format == "json-ld") writers.push_back(std::make_unique<JsonLdWriter>());
    }
  }
  [[nodiscard]] std::vector<std::string> names_ending(std::string_view end) const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : visible_files())
      if (name.ends_with(end)) names.push_back(name);
    return names;
  }
  std::int64_t orphans() {
    CatalogWriter writer(db());
    return Verifier({db(), catalog(), writer, store(), clock, {}}).run({}, {})->orphans;
  }
};

}  // namespace

TEST_CASE_FIXTURE(AgreementBench, "sidecars: what the settings say of a license stands in them from the first day") {
  policy.agreements = {ltd(k2030)};
  cycle();
  CHECK(holds(xmp(), "Example Media Ltd"));
  CHECK(holds(xmp(), "<plus:LicenseEndDate>2030-12-31</plus:LicenseEndDate>"));
}

TEST_CASE_FIXTURE(AgreementBench, "sidecars: other agreements reach those that stand already, and only them") {
  cycle();
  CHECK_FALSE(holds(xmp(), "LicenseeName"));
  policy.agreements = {ltd(k2030)};
  policy.agreements[0].license_type = "no such type";
  const auto before = visible_files();
  const auto mark = written("101");
  cycle();
  CHECK(visible_files() == before);
  CHECK(written("101") == mark);  // no byte differs, so it was not written

  policy.agreements[0].license_type.clear();
  cycle();
  CHECK(holds(xmp("101"), "Example Media Ltd"));
  CHECK(holds(xmp("102"), "Example Media Ltd"));
  policy.agreements.clear();
  cycle();
  CHECK(visible_files() == before);
}

TEST_CASE_FIXTURE(AgreementBench, "sidecars: a license is not in force any more the day after its agreement ended") {
  policy.agreements = {ltd(std::chrono::year(2026) / 3 / 16)};
  cycle();
  clock.advance(std::chrono::hours(24));
  cycle();
  CHECK(holds(xmp(), "<plus:LicenseID>e1</plus:LicenseID>"));
  clock.advance(std::chrono::hours(24));
  cycle();
  CHECK_FALSE(holds(xmp(), "<plus:LicenseID>e1</plus:LicenseID>"));
  CHECK(holds(xmp(), "<damsync:LicenseID>e1</damsync:LicenseID>"));  // held all the same
}

TEST_CASE_FIXTURE(AgreementBench, "sidecars: a license that is added later is named beside the file that was there") {
  cycle();
  CHECK_FALSE(holds(xmp(), "e9"));
  provider.add("101", "e9");
  cycle();
  CHECK(holds(xmp(), "<damsync:LicenseID>e9</damsync:LicenseID>"));
  CHECK(holds(visible_files().at(std::filesystem::path(path_of("101")).parent_path() / "asset.json"), "\"e9\""));
}

TEST_CASE_FIXTURE(AgreementBench, "sidecars: a format that is switched on later is written for what was there") {
  cycle();
  CHECK_FALSE(visible_files().contains(path_of("101") + ".jsonld"));
  writers.push_back(std::make_unique<JsonLdWriter>());
  cycle();
  CHECK(visible_files().contains(path_of("101") + ".jsonld"));
  CHECK(visible_files().contains(path_of("102") + ".jsonld"));
}

TEST_CASE_FIXTURE(AgreementBench, "sidecars: an agreement says nothing of a license that was taken before its days") {
  policy.agreements = {ltd(k2030), ltd(std::chrono::year(2028) / 1 / 1)};
  policy.agreements[0].start = std::chrono::sys_days(std::chrono::year(2026) / 3 / 16);
  policy.agreements[1].licensee = "The Company Before";
  cycle();
  CHECK(holds(xmp(), "The Company Before"));
  CHECK_FALSE(holds(xmp(), "Example Media Ltd"));
  policy.agreements.pop_back();
  cycle();
  CHECK_FALSE(holds(xmp(), "The Company Before"));
  CHECK_FALSE(holds(xmp(), "plus:LicenseStartDate"));
  CHECK(holds(xmp(), "<plus:LicenseID>e1</plus:LicenseID>"));  // held all the same
}

TEST_CASE_FIXTURE(AgreementBench, "sidecars: what somebody removed or changed is put back by a full cycle") {
  cycle();
  const auto before = visible_files();
  const auto picture = path_of("101");
  const auto record = (std::filesystem::path(picture).parent_path() / "asset.json").string();
  REQUIRE(std::filesystem::remove(dir.path() / "store" / record));
  std::ofstream(dir.path() / "store" / (picture + ".xmp")) << "junk";
  cycle();
  CHECK(visible_files() != before);
  policy.full = true;
  cycle();
  CHECK(visible_files() == before);
}

TEST_CASE_FIXTURE(AgreementBench, "sidecars: the rules of the house reach those that stand already") {
  cycle();
  CHECK_FALSE(holds(xmp(), "DMI-"));
  policy.house.data_mining = "DMI-PROHIBITED";
  policy.agreements = {ltd(k2030)};
  policy.agreements[0].region_limit = "Europe only";
  policy.agreements[0].media_limit = "Print only";
  policy.agreements[0].licensee_id = "EML-17";
  cycle();
  for (const char* said : {"/DMI-PROHIBITED<", ">Europe only<", ">Print only<", ">EML-17<"}) CHECK(holds(xmp(), said));
  policy.house.credit_required = false;
  cycle();
  CHECK(holds(xmp(), "/CR-NRQ<"));
}

TEST_CASE_FIXTURE(TwoDesks, "sidecars: two accounts that hold one asset have a record each, whatever the layout says") {
  layout = *PathLayout::parse("{asset_id}/{name}");
  cycle_of("newsroom");
  cycle_of("archive");
  CHECK(place("newsroom") == "101/asset.json");
  CHECK(place("archive") == "101/archive.asset.json");
  CHECK(owner_of(place("newsroom")) == "newsroom");
  CHECK(owner_of(place("archive")) == "archive");
  const auto before = visible_files();
  cycle_of("archive");
  cycle_of("newsroom");
  CHECK(visible_files() == before);
}

TEST_CASE_FIXTURE(TwoDesks, "sidecars: accounts keep their records apart in a folder of many assets, too") {
  layout = *PathLayout::parse("all/{name}");
  cycle_of("newsroom");
  cycle_of("archive");
  CHECK(place("newsroom") == "all/101.asset.json");
  CHECK(place("archive") == "all/101.archive.asset.json");
}

TEST_CASE_FIXTURE(TwoDesks, "sidecars: accounts that move into one layout keep their records apart") {
  cycle_of("newsroom");
  cycle_of("archive");
  layout = *PathLayout::parse("{asset_id}/{name}");
  cycle_of("archive");
  cycle_of("newsroom");
  CHECK(place("archive") == "101/asset.json");
  CHECK(place("newsroom") == "101/newsroom.asset.json");
  CHECK(owner_of("101/asset.json") == "archive");
  CHECK(owner_of("101/newsroom.asset.json") == "newsroom");
  std::int64_t records = 0;
  for (const auto& [name, bytes] : visible_files()) records += name.ends_with("asset.json") ? 1 : 0;
  CHECK(records == 4);
}

TEST_CASE_FIXTURE(TwoDesks, "sidecars: a record that two accounts share is taken apart") {
  layout = *PathLayout::parse("{asset_id}/{name}");
  cycle_of("newsroom");
  cycle_of("archive");
  {
    Transaction tx(db());
    CatalogWriter writer(db());
    writer.put_sidecar("archive", "101", "101/asset.json", std::string(64, 'a'));
    writer.mark_sidecar_dirty("archive", "101");
    writer.mark_sidecar_dirty("newsroom", "101");
    tx.commit();
  }
  cycle_of("archive");
  cycle_of("newsroom");
  CHECK(place("archive") == "101/asset.json");  // the first by name keeps the place
  CHECK(place("newsroom") == "101/newsroom.asset.json");
  CHECK(owner_of(place("archive")) == "archive");
  CHECK(owner_of(place("newsroom")) == "newsroom");
}

TEST_CASE_FIXTURE(FormatBench, "sidecars: a format that is switched off takes its files with it, and no others") {
  write_only({"xmp", "json", "json-ld"});
  cycle();
  REQUIRE(visible_files().size() == 8);
  write_only({"xmp"});
  CHECK(orphans() == 0);
  cycle();
  CHECK(names_ending("asset.json").empty());
  CHECK(names_ending(".jsonld").empty());
  CHECK(names_ending(".xmp").size() == 2);
  CHECK(names_ending(".jpg").size() == 2);
  CHECK(orphans() == 0);
  write_only({"json"});
  cycle();
  CHECK(names_ending("asset.json").size() == 2);
  CHECK(names_ending(".xmp").empty());
  CHECK(orphans() == 0);
}

TEST_CASE_FIXTURE(FormatBench,
                  "sidecars: what a stop left of a format that was switched off goes with the next cycle") {
  write_only({"xmp", "json", "json-ld"});
  cycle();
  {
    // As the catalog stands when the process ends before the files went.
    Transaction tx(db());
    LayoutBook book(db());
    book.add_leftover("newsroom", {path_of("101") + ".jsonld", ""});
    const auto asset = *catalog().find_asset("newsroom", "102");
    book.add_leftover("newsroom", {asset.sidecar_path, ""});
    CatalogWriter(db()).put_sidecar("newsroom", "102", "", "");
    tx.commit();
  }
  CHECK(orphans() == 0);
  write_only({"xmp"});
  cycle();
  CHECK(names_ending("asset.json").empty());
  CHECK(names_ending(".jsonld").empty());
}

TEST_CASE_FIXTURE(FormatBench, "sidecars: a file of another program is left alone whatever is switched off") {
  write_only({"json", "json-ld"});
  cycle();
  const auto theirs = path_of("101") + ".xmp";
  std::ofstream(dir.path() / "store" / theirs) << "edited elsewhere";
  write_only({"json"});
  cycle();
  CHECK(names_ending(".jsonld").empty());
  CHECK(visible_files().at(theirs) == "edited elsewhere");
  layout = *PathLayout::parse("{account}/{name}");
  cycle();
  CHECK(visible_files().at(theirs) == "edited elsewhere");
}

}  // namespace damsync
