#include "sync/report/report_verify.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <functional>

#include "storage/base/digest.h"
#include "sync/report/report_chain.h"
#include "sync/report/report_writer.h"
#include "sync/report/xlsx_renderer.h"
#include "tests/support/report_bench.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

std::string new_key_pem() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto length = static_cast<std::size_t>(BIO_get_mem_data(bio, &data));
  std::string pem(data, length);
  BIO_free(bio);
  EVP_PKEY_free(key);
  return pem;
}

/// Small files, so that every byte of them can be tried.
class SmallRenderer {
 public:
  static ReportSource source(int night) {
    return [night](ReportRenderer& out) { return ReportSample(night % 3).push(out); };
  }
};

/// Ten signed reports, one a night, the third night with two.
struct ChainBench : CatalogBench {
  ChainBench() {
    for (int night = 1; night <= 9; ++night) write(night, night);
    write(3, 5);
  }
  enum class Signing { kOwnKey, kNone };
  void write(int night, int content, Signing signing = Signing::kOwnKey) {
    ReportRequest request;
    request.directory = directory();
    request.report_date = "2026-03-0" + std::to_string(night);
    request.as_of = now();
    request.config_sha256 = std::string(64, 'e');
    request.version = "0.1.0";
    if (signing == Signing::kOwnKey) request.signing_key = &key;
    commit([&] { journal.append(sample_change(EventType::kSyncFailed, "")); });
    const auto report = ReportWriter(*db, clock).write(request, SmallRenderer::source(content), {}, {}).value();
    names.push_back(report.name);
    clock.advance(std::chrono::hours(24));
  }
  [[nodiscard]] fs::path directory() const { return dir.path() / "reports"; }
  [[nodiscard]] std::vector<ReportFault> faults(const AuditLog* with) const {
    return verify_reports(directory(), {with, "", {key.public_pem()}}).value().faults;
  }
  /// True when a fault names the report, and the file if one is asked for.
  static bool names_it(const std::vector<ReportFault>& faults, const std::string& report, const std::string& file) {
    return std::any_of(faults.begin(), faults.end(), [&](const ReportFault& fault) {
      return fault.report == report && (file.empty() || fault.file == file);
    });
  }
  static void replace(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }

  TempDir dir;
  SigningKey key = SigningKey::from_pem(Secret(new_key_pem())).value();
  AuditLog log{*db};
  std::vector<std::string> names;
};

bool every_point() { return std::getenv("DAMSYNC_CRASH_ALL") != nullptr; }

std::string told(const std::vector<ReportFault>& faults) {
  std::string out;
  for (const auto& fault : faults)
    out += std::string(to_word(fault.damage)) + " " + fault.report + "/" + fault.file + ": " + fault.message + "\n";
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(ChainBench,
                  "audit verify: reports as they were written have no fault, with the catalog and without") {
  CHECK(told(faults(&log)).empty());
  CHECK(told(faults(nullptr)).empty());
  const auto result = verify_reports(directory(), {&log, "", {}}).value();
  CHECK(result.reports == 10);
  CHECK(result.files == 10 * (has_xlsx_renderer() ? 11 : 10));
  CHECK(verify_reports(dir / "none", {}).error().code == ErrorCode::kUsage);
  CHECK(verify_reports(fs::path(directory()) / "latest", {}).error().code == ErrorCode::kUsage);
}

TEST_CASE_FIXTURE(ChainBench, "A3 audit verify: every flipped byte is found, and its file is named") {
  long tried = 0;
  const std::size_t stride = every_point() ? 1 : 97;
  for (const auto& name : every_point() ? names : std::vector<std::string>{names[4], names.back()}) {
    for (const auto& entry : fs::directory_iterator(directory() / name)) {
      const auto file = entry.path().filename().string();
      const bool seal = file.starts_with("MANIFEST") || file == "public_key.pem";
      const auto text = contents_of(entry.path());
      const bool constant =
          file == "report.html" || file == "report.xlsx" || file == "report.schema.json" || file == "README.txt";
      const std::size_t step = every_point() ? 1 : seal ? 7 : constant ? 1999 : stride;
      for (std::size_t at = 0; at < text.size(); at += step) {
        auto flipped = text;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
        replace(entry.path(), flipped);
        const auto found = faults(&log);
        if (!names_it(found, name, file)) FAIL_CHECK(name << "/" << file << " byte " << at << "\n" << told(found));
        if (at % 5 == 0 && faults(nullptr).empty()) FAIL_CHECK("without catalog: " << name << "/" << file << " " << at);
        ++tried;
      }
      replace(entry.path(), text);
    }
  }
  CHECK(tried > 300);
  CHECK(faults(&log).empty());
}

TEST_CASE_FIXTURE(ChainBench, "A3 audit verify: every file that is gone, shortened, emptied or added is named") {
  for (const auto& name : {names[2], names.back()})
    for (const auto* file : {"report.json", "licenses.csv", "findings.csv", "report.html", "README.txt",
                             "public_key.pem", "MANIFEST.json", "MANIFEST.sha256", "MANIFEST.json.sig"}) {
      INFO(name << "/" << file);
      const auto path = directory() / name / file;
      const auto text = contents_of(path);
      fs::remove(path);
      CHECK(names_it(faults(&log), name, file));
      CHECK_FALSE(faults(nullptr).empty());
      for (const auto length : {std::size_t{0}, text.size() / 2, text.size() - 1}) {
        replace(path, text.substr(0, length));
        CHECK(names_it(faults(&log), name, file));
      }
      replace(path, text);
      replace(directory() / name / "note.txt", "x");
      CHECK(names_it(faults(&log), name, "note.txt"));
      fs::remove(directory() / name / "note.txt");
    }
  CHECK(faults(&log).empty());
}

TEST_CASE("A3 audit verify: reports that are removed, exchanged, copied, put in or replayed are named") {
  using Attack = std::function<void(const ChainBench&, const fs::path&)>;
  const struct {
    const char* what;
    Attack attack;
    const char* report;
    bool without_catalog;
  } attacks[] = {
      {"the first is gone", [](auto&, const fs::path& d) { fs::remove_all(d / "2026-03-01"); }, "2026-03-01", true},
      {"one in the middle is gone", [](auto&, const fs::path& d) { fs::remove_all(d / "2026-03-05"); }, "2026-03-05",
       true},
      {"the newest is gone, and the link leads to the one before it",
       [](auto&, const fs::path& d) {
         fs::remove_all(d / "2026-03-03.2");
         fs::remove(d / "latest");
         fs::create_directory_symlink("2026-03-09", d / "latest");
       },
       "2026-03-03.2", false},
      {"the link leads to an older one",
       [](auto&, const fs::path& d) {
         fs::remove(d / "latest");
         fs::create_directory_symlink("2026-03-09", d / "latest");
       },
       "latest", true},
      {"a folder takes the place of the link",
       [](auto&, const fs::path& d) {
         fs::remove(d / "latest");
         fs::copy(d / "2026-03-09", d / "latest", fs::copy_options::recursive);
       },
       "latest", true},
      {"two are exchanged",
       [](auto&, const fs::path& d) {
         fs::rename(d / "2026-03-04", d / "x");
         fs::rename(d / "2026-03-07", d / "2026-03-04");
         fs::rename(d / "x", d / "2026-03-07");
       },
       "2026-03-07", true},
      {"one is copied",
       [](auto&, const fs::path& d) { fs::copy(d / "2026-03-04", d / "2026-03-20", fs::copy_options::recursive); },
       "2026-03-20", true},
      {"an older one takes the place of a newer one",
       [](auto&, const fs::path& d) {
         fs::remove_all(d / "2026-03-09");
         fs::copy(d / "2026-03-08", d / "2026-03-09", fs::copy_options::recursive);
       },
       "2026-03-09", true},
      {"a folder is put in", [](auto&, const fs::path& d) { fs::create_directory(d / "2026-04-01"); }, "2026-04-01",
       true},
      {"a file is put in", [](auto&, const fs::path& d) { ChainBench::replace(d / "notes", "x"); }, "notes", true},
      {"a link takes the place of a report",
       [](auto&, const fs::path& d) {
         fs::rename(d / "2026-03-06", d / ".hidden");
         fs::create_directory_symlink(".hidden", d / "2026-03-06");
       },
       "2026-03-06", true},
      {"the newest is written anew elsewhere, by another key",
       [](const ChainBench& bench, const fs::path& d) {
         CatalogBench other;
         auto key = SigningKey::from_pem(Secret(new_key_pem())).value();
         const auto name = bench.names.back();
         const auto place = d.parent_path() / "forged";
         fs::create_directories(place);
         fs::copy(d / "2026-03-09", place / "2026-03-09", fs::copy_options::recursive);
         ReportRequest request;
         request.directory = place;
         request.report_date = "2026-03-03";
         request.signing_key = &key;
         REQUIRE(ReportWriter(*other.db, other.clock).write(request, SmallRenderer::source(7), {}, {}).ok());
         fs::remove_all(d / name);
         fs::rename(place / "2026-03-03", d / name);
       },
       "2026-03-03.2", true},
  };
  for (const auto& attack : attacks) {
    INFO(attack.what);
    ChainBench bench;
    attack.attack(bench, bench.directory());
    const auto found = bench.faults(&bench.log);
    INFO(told(found));
    CHECK(ChainBench::names_it(found, attack.report, ""));
    CHECK(bench.faults(nullptr).empty() != attack.without_catalog);
  }
}

TEST_CASE_FIXTURE(ChainBench, "A3 audit verify: with keys given, every report needs a signature by one of them") {
  const auto other = SigningKey::from_pem(Secret(new_key_pem())).value().public_pem();
  const auto found = [&](const std::vector<std::string>& keys) {
    return verify_reports(directory(), {&log, "", keys}).value().faults;
  };
  CHECK(found({other, key.public_pem()}).empty());
  CHECK(found({other}).size() == names.size());
  write(9, 8, Signing::kNone);
  const auto unsigned_one = found({key.public_pem()});
  REQUIRE(unsigned_one.size() == 1);
  CHECK(unsigned_one[0].damage == ReportDamage::kBadSignature);
  CHECK(unsigned_one[0].report == names.back());
  CHECK(found({}).empty());
}

TEST_CASE_FIXTURE(ChainBench,
                  "A4 audit verify: a report whose head is not in the catalog's log tells of another catalog") {
  CatalogBench other;
  CHECK(faults(nullptr).empty());
  AuditLog empty(*other.db);
  const auto found = faults(&empty);
  CHECK(std::any_of(found.begin(), found.end(),
                    [](const auto& fault) { return fault.damage == ReportDamage::kCatalogDiffers; }));
}

TEST_CASE_FIXTURE(ChainBench, "audit verify: what damsync removed by rights is no fault") {
  const auto recorded = recorded_reports(log, "");
  commit([&] { log.append_report_removed(recorded.front().seal, now()); });
  fs::remove_all(directory() / recorded.front().seal.name);
  CHECK(told(faults(&log)).empty());
}

}  // namespace damsync
