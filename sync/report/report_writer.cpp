#include "sync/report/report_writer.h"

#include <algorithm>
#include <set>

#include "storage/base/crash_point.h"
#include "storage/base/digest.h"
#include "storage/files/durable_folder.h"
#include "storage/sqlite/transaction.h"
#include "sync/report/report_bundle.h"
#include "sync/report/report_chain.h"
#include "sync/report/report_files.h"
#include "sync/report/report_texts.h"

namespace damsync {
namespace {

using Chain = ReportRequest::Chain;

/// Files that say the same, however they are sealed.
bool same_files(std::vector<ManifestFile> a, const std::vector<ManifestFile>& b) {
  std::sort(a.begin(), a.end(), [](const auto& x, const auto& y) { return x.name < y.name; });
  return a == b;
}

bool is_of_date(const std::string& name, const std::string& date) { return name.starts_with(date); }

/// The first of `D`, `D.2`, `D.3` … that nobody has or had.
std::string free_name(const std::string& date, const std::set<std::string>& taken) {
  std::string name = date;
  for (int number = 2; taken.contains(name); ++number) name = date + "." + std::to_string(number);
  return name;
}

}  // namespace

/// What is known while a report is sealed.
struct ReportWriter::Sealing {
  ReportFiles files;
  std::vector<ReportOnDisk> disk;
  std::vector<RecordedReport> recorded;
  std::string manifest_text;
  ReportSeal seal;
  PublishedReport report;

  [[nodiscard]] std::string unused_name(const ReportRequest& request) const {
    std::set<std::string> taken;
    for (const auto& there : std::filesystem::directory_iterator(request.directory))
      taken.insert(there.path().filename().string());
    for (const auto& known : recorded) taken.insert(known.seal.name);
    return free_name(request.report_date, taken);
  }
  /// The newest report of the date when it says the same.
  [[nodiscard]] const ReportOnDisk* same_report(const std::string& date) const {
    for (auto it = disk.rbegin(); it != disk.rend(); ++it)
      if (is_of_date(it->name, date))
        return it->manifest && same_files(files.files(), it->manifest->files) ? &*it : nullptr;
    return nullptr;
  }
  [[nodiscard]] Manifest manifest(const ReportRequest& request, AuditHead head) const {
    Manifest m;
    m.report = report.name;
    m.report_date = request.report_date;
    m.as_of = request.as_of;
    m.files = files.files();
    m.catalog_head = std::move(head);
    m.config_sha256 = request.config_sha256;
    m.version = request.version;
    if (request.chain == Chain::kAlone) return m;
    if (const auto tip = chain_tip(recorded, disk)) {
      m.previous_report = tip->report;
      m.previous_manifest_sha256 = tip->manifest_sha256;
    }
    return m;
  }
};

namespace {

/// Signature and time stamp of the manifest, and the list that covers everything.
Status write_seals(const ReportRequest& request, ReportFiles& files, const std::string& manifest,
                   std::optional<Error>& unstamped, std::stop_token stop) {
  if (auto added = files.add(kManifestJson, manifest); !added) return added;
  if (request.signing_key != nullptr)
    if (auto added = files.add(kSignatureFile, request.signing_key->sign(manifest)); !added) return added;
  if (request.time_stamps == nullptr) return {};
  const auto stamp = request.time_stamps->stamp(manifest, stop);  // network
  if (stamp) return files.add(kTimestampFile, *stamp);
  unstamped = stamp.error();
  return {};
}

bool has_time_stamp(const ReportRequest& request, const ReportOnDisk& report) {
  std::error_code ignored;
  return std::filesystem::exists(request.directory / report.name / kTimestampFile, ignored);
}

Status write_contents(const ReportRequest& request, ReportFiles& files, const ReportSource& source) {
  ReportBundle bundle(files);
  if (auto written = source(bundle); !written) return written;
  if (auto added = files.add("report.schema.json", report_schema_text()); !added) return added;
  if (auto added = files.add("README.txt", report_readme_text()); !added) return added;
  if (request.signing_key == nullptr) return {};
  return files.add(kPublicKeyFile, request.signing_key->public_pem());
}

}  // namespace

Result<PublishedReport> ReportWriter::write(const ReportRequest& request, const ReportSource& source,
                                            const ReportNoted& noted, std::stop_token stop) {
  if (auto made = make_folder(request.directory); !made) return made.error();
  const auto lock = FolderLock::take(request.directory);
  if (!lock) return lock.error();
  auto files = ReportFiles::open(request.directory, request.report_date);
  if (!files) return files.error();
  Sealing sealing{std::move(*files), {}, {}, {}, {}, {}};
  if (auto written = write_contents(request, sealing.files, source); !written) return written.error();

  sealing.disk = reports_in(request.directory);
  if (request.chain == Chain::kJoin) {
    sealing.recorded = recorded_reports(log_, request.chain_name);
    if (auto done = note_crashed(request, sealing, noted); !done) return done.error();
  }
  auto& report = sealing.report;
  const auto* same = sealing.same_report(request.report_date);
  const auto there_already = [&](std::optional<Error> unstamped) {
    return PublishedReport{same->name,
                           request.directory / same->name,
                           same->manifest_sha256,
                           same->manifest->previous_manifest_sha256,
                           true,
                           log_.head(),
                           std::move(unstamped),
                           false,
                           same->manifest->as_of};
  };
  const bool lacks_stamp = same != nullptr && request.time_stamps != nullptr && !has_time_stamp(request, *same);
  if (same != nullptr && !lacks_stamp) return there_already(std::nullopt);
  report.name = sealing.unused_name(request);
  report.path = request.directory / report.name;
  report.as_of = request.as_of;
  const auto manifest = sealing.manifest(request, log_.head());
  report.previous_manifest_sha256 = manifest.previous_manifest_sha256;
  sealing.manifest_text = write_manifest(manifest);
  report.manifest_sha256 = sha256_hex(sealing.manifest_text);
  if (auto sealed = write_seals(request, sealing.files, sealing.manifest_text, report.time_stamp_error, stop); !sealed)
    return sealed.error();
  if (lacks_stamp && report.time_stamp_error) return there_already(report.time_stamp_error);
  return publish(request, sealing, noted);
}

/// First the log says that the report is coming, then it gets its name and `latest` leads to it, then the log says that
/// it is there: whatever is found after a crash, it is known whether it is ours.
Result<PublishedReport> ReportWriter::publish(const ReportRequest& request, Sealing& sealing,
                                              const ReportNoted& noted) {
  auto& report = sealing.report;
  const auto list = write_digest_list(sealing.files.files());
  if (auto added = sealing.files.add(kManifestList, list); !added) return added.error();
  const ReportSeal seal{recorded_name(request.chain_name, report.name), report.manifest_sha256, sha256_hex(list)};
  const bool joins = request.chain == Chain::kJoin;
  if (joins) {
    Transaction tx(db_);
    log_.append_report_prepared(seal, clock_.utc());
    tx.commit();
  }
  crash_point("report.prepared");
  if (auto done = sealing.files.publish(report.path); !done) return done.error();
  if (joins) {
    const auto linked = replace_link(request.directory / "latest", report.name);
    Transaction tx(db_);
    log_.append_report_published(seal, clock_.utc());
    report.head = log_.head();
    if (noted) noted(report);
    tx.commit();
    if (!linked) return linked.error();
  }
  report.head = log_.head();
  return report;
}

/// A report that got its name and whose row a crash prevented.
Status ReportWriter::note_crashed(const ReportRequest& request, Sealing& sealing, const ReportNoted& noted) {
  for (auto& known : sealing.recorded) {
    if (known.state != RecordedReport::State::kPrepared) continue;
    const auto there = std::find_if(sealing.disk.begin(), sealing.disk.end(), [&](const ReportOnDisk& report) {
      return report.name == known.seal.name && report.manifest_sha256 == known.seal.manifest_sha256;
    });
    if (there == sealing.disk.end() || !there->manifest) continue;
    const auto linked = replace_link(request.directory / "latest", there->name);
    auto seal = known.seal;
    seal.name = recorded_name(request.chain_name, seal.name);
    Transaction tx(db_);
    log_.append_report_published(seal, clock_.utc());
    if (noted)
      noted({there->name, request.directory / there->name, there->manifest_sha256,
             there->manifest->previous_manifest_sha256, false, log_.head(), std::nullopt, true,
             there->manifest->as_of});
    tx.commit();
    known.state = RecordedReport::State::kPublished;
    if (!linked) return linked;
  }
  return {};
}

}  // namespace damsync
