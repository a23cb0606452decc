#include "sync/report/report_verify.h"

#include <algorithm>
#include <set>

#include "sync/report/report_chain.h"
#include "sync/report/report_seals.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;
using State = RecordedReport::State;

/// The examination of one folder of reports.
class ChainExamination {
 public:
  ChainExamination(const fs::path& directory, const ReportTrust& trust) : directory_(directory), trust_(trust) {}

  Status read();
  void vouch();
  void check_names();
  void check_links();
  void check_record();
  void check_signing();
  void check_latest();
  void check_pages();
  void check_alone(const fs::path& folder, const std::string& prefix);
  void check_files() {
    for (const auto& report : reports_) result_.files += examine_files(report, trust_, result_.faults);
  }
  ReportVerification finish() {
    forget_removed();
    result_.reports += static_cast<std::int64_t>(reports_.size());
    std::stable_sort(result_.faults.begin(), result_.faults.end(), [](const ReportFault& a, const ReportFault& b) {
      return a.report == b.report ? a.file < b.file : a.report < b.report;
    });
    return std::move(result_);
  }

 private:
  void add(ReportDamage damage, const std::string& report, const std::string& file, const std::string& message) {
    result_.faults.push_back({damage, report, file, message});
  }
  [[nodiscard]] const ExaminedReport* on_disk(const std::string& name) const {
    const auto found = std::find_if(reports_.begin(), reports_.end(), [&](const auto& r) { return r.name == name; });
    return found == reports_.end() ? nullptr : &*found;
  }
  [[nodiscard]] const ExaminedReport* by_manifest(const std::string& sha256) const {
    const auto found =
        std::find_if(reports_.begin(), reports_.end(), [&](const auto& r) { return r.manifest_sha256 == sha256; });
    return found == reports_.end() ? nullptr : &*found;
  }
  /// The newest thing the log says of a report of that name.
  [[nodiscard]] const RecordedReport* record_of(const std::string& name) const {
    const auto found =
        std::find_if(recorded_.rbegin(), recorded_.rend(), [&](const auto& r) { return r.seal.name == name; });
    return found == recorded_.rend() ? nullptr : &*found;
  }
  [[nodiscard]] bool is_recorded(const std::string& manifest_sha256) const {
    return std::any_of(recorded_.begin(), recorded_.end(),
                       [&](const auto& r) { return r.seal.manifest_sha256 == manifest_sha256; });
  }
  void check_page(const fs::path& file, const std::vector<RecordedPage>& pages);
  void check_link(const ExaminedReport& report);
  void check_head(const ExaminedReport& report);
  [[nodiscard]] std::vector<std::string> newest() const;
  void forget_removed();

  const fs::path& directory_;
  const ReportTrust& trust_;
  std::vector<RecordedReport> recorded_;
  std::vector<ExaminedReport> reports_;
  ReportVerification result_;
};

constexpr const char* kAsOf = "as-of";
constexpr const char* kLatest = "latest";

/// What stands beside the reports by rights: the page as PDF is made after the report was sealed.
bool is_ours(const std::string& name) {
  if (!report_of_page(name).empty()) return true;
  return name == kAsOf || name == kLatest || (name.starts_with('.') && name.ends_with(".partial"));
}

Status ChainExamination::read() {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory_, failed)) {
    const auto name = entry.path().filename().string();
    std::error_code ignored;
    if (is_report_name(name) && entry.is_directory(ignored) && !entry.is_symlink(ignored))
      reports_.push_back(open_report(entry.path()));
    else if (!is_ours(name))
      add(ReportDamage::kUnknown, name, "", "is no report that was written here");
  }
  const bool gone = failed == std::errc::no_such_file_or_directory;
  if (failed && !gone)
    return make_error(ErrorCode::kStorage,
                      "cannot read the reports in " + directory_.string() + ": " + failed.message());
  std::sort(reports_.begin(), reports_.end(),
            [](const auto& a, const auto& b) { return report_name_before(a.name, b.name); });
  if (trust_.log != nullptr) {
    std::set<std::string> manifests;
    for (const auto& report : reports_) manifests.insert(report.manifest_sha256);
    recorded_ = recorded_reports(*trust_.log, trust_.chain_name, manifests);
  }
  if (gone && recorded_.empty())  // where reports were written, each of them is missing
    return make_error(ErrorCode::kUsage, "there are no reports in " + directory_.string());
  return {};
}

void ChainExamination::vouch() {
  std::set<std::string> followed;
  for (const auto& report : reports_)
    if (report.manifest) followed.insert(report.manifest->previous_manifest_sha256);
  for (auto& report : reports_) {
    const auto* record = record_of(report.name);
    const bool noted = record != nullptr && record->seal.manifest_sha256 == report.manifest_sha256;
    report.vouched = noted || (trust_.log == nullptr && followed.contains(report.manifest_sha256));
    if (record != nullptr) report.recorded_list = record->seal.list_sha256;
  }
}

/// A manifest says the name that its report was given.
void ChainExamination::check_names() {
  for (const auto& report : reports_) {
    if (!report.manifest || report.manifest->report == report.name) continue;
    add(ReportDamage::kMisplaced, report.name, "",
        "is the report " + report.manifest->report + ": exchanged or copied");
  }
}

void ChainExamination::check_link(const ExaminedReport& report) {
  const auto& before = report.manifest->previous_manifest_sha256;
  if (by_manifest(before) != nullptr) return;
  const auto& name = report.manifest->previous_report;
  if (is_recorded(before)) return;  // that it is gone is told, unless it was removed by rights
  if (on_disk(name) != nullptr)
    add(ReportDamage::kChainBroken, report.name, "", "follows another report " + name + " than the one that is here");
  else
    add(ReportDamage::kReportMissing, name, "", "is gone: " + report.name + " follows it");
}

void ChainExamination::check_links() {
  std::set<std::string> followed;
  for (const auto& report : reports_) {
    if (!report.manifest || report.manifest->report != report.name) continue;
    const auto& before = report.manifest->previous_manifest_sha256;
    if (!followed.insert(before).second)
      add(ReportDamage::kChainBroken, report.name, "",
          before.empty() ? "says that no report was before it" : "follows a report that another one follows already");
    if (!before.empty()) check_link(report);
  }
}

void ChainExamination::check_record() {
  if (trust_.log == nullptr) return;
  for (const auto& record : recorded_)
    if (record.state == State::kPublished && on_disk(record.seal.name) == nullptr)
      add(ReportDamage::kReportMissing, record.seal.name, "", "is gone: the catalog notes that it was written");
  for (const auto& report : reports_) {
    const auto* record = record_of(report.name);
    if (record == nullptr)
      add(ReportDamage::kUnknown, report.name, "", "is not known to the catalog: put in later, or made by --as-of");
    else if (record->state == State::kRemoved)
      add(ReportDamage::kUnknown, report.name, "",
          "was removed by damsync: its removal was cut off and `damsync audit prune` ends it, or it was put in again");
    else if (report.manifest && record->seal.manifest_sha256 != report.manifest_sha256 &&
             report.manifest->report == report.name)
      add(ReportDamage::kAltered, report.name, kManifestJson, "is not the manifest that the catalog notes");
    check_head(report);
  }
}

void ChainExamination::check_head(const ExaminedReport& report) {
  if (!report.manifest || trust_.log == nullptr) return;
  const auto& head = report.manifest->catalog_head;
  const auto row = trust_.log->find(head.seq);
  if (head != AuditHead() && (!row || row->hash != head.hash))
    add(ReportDamage::kCatalogDiffers, report.name, "",
        "the catalog's audit log has another row " + std::to_string(head.seq) + " than when this report was written");
}

/// The reports that `latest` may lead to. A crash may have come between the last one and its link.
std::vector<std::string> ChainExamination::newest() const {
  std::vector<std::string> out;
  for (auto record = recorded_.rbegin(); record != recorded_.rend(); ++record) {
    if (record->state == State::kRemoved || by_manifest(record->seal.manifest_sha256) == nullptr) continue;
    out.push_back(record->seal.name);
    if (record->state == State::kPublished) return out;
  }
  if (trust_.log != nullptr) return out;
  std::set<std::string> followed;
  for (const auto& report : reports_)
    if (report.manifest) followed.insert(report.manifest->previous_manifest_sha256);
  for (const auto& report : reports_)
    if (!followed.contains(report.manifest_sha256)) out.push_back(report.name);
  return out;
}

void ChainExamination::check_latest() {
  std::error_code failed;
  const auto link = directory_ / kLatest;
  const auto status = fs::symlink_status(link, failed);
  if (status.type() == fs::file_type::not_found) return;  // copies may come without it
  const auto known = newest();
  const auto target = fs::read_symlink(link, failed).string();
  if (status.type() != fs::file_type::symlink)
    add(ReportDamage::kUnknown, kLatest, "", "is no link to the newest report: put in later");
  else if (std::find(known.begin(), known.end(), target) == known.end())
    add(ReportDamage::kMisplaced, kLatest, "",
        "leads to " + target + (known.empty() ? "" : " and not to the newest report " + known.front()));
}

/// Without a log nobody knows what a page has to look like, or that there was one.
void ChainExamination::check_pages() {
  if (trust_.log == nullptr) return;
  const auto pages = recorded_pages(*trust_.log);
  std::set<std::string> there;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory_, failed)) {
    const auto name = entry.path().filename().string();
    if (report_of_page(name).empty()) continue;
    there.insert(name);
    check_page(entry.path(), pages);
  }
  for (const auto& page : pages) {
    const auto report = report_of_page(page.name);
    const auto* record = record_of(report);
    const bool wanted = record != nullptr && record->chain == page.chain && record->state != State::kRemoved;
    if (wanted && on_disk(report) != nullptr && there.insert(page.name).second)
      add(ReportDamage::kMissing, report, page.name, "is gone: the catalog notes that it was made");
  }
}

void ChainExamination::check_page(const fs::path& file, const std::vector<RecordedPage>& pages) {
  const auto name = file.filename().string(), report = report_of_page(name);
  const auto* record = record_of(report);
  const auto of_this = [&](const RecordedPage& page) {
    return record != nullptr && page.chain == record->chain && page.name == name;
  };
  const auto digest = digest_file(file);
  const bool same = digest && std::any_of(pages.begin(), pages.end(), [&](const RecordedPage& page) {
                      return of_this(page) && page.sha256 == digest->sha256;
                    });
  if (same) return;
  if (std::any_of(pages.begin(), pages.end(), of_this))
    add(ReportDamage::kAltered, report, name, "does not hold the bytes that the catalog notes");
  else
    add(ReportDamage::kUnknown, report, name, "is not known to the catalog: put in later, or its making was cut off");
}

/// A report whose removal was under way while it was looked at.
void ChainExamination::forget_removed() {
  std::erase_if(result_.faults, [&](const ReportFault& fault) {
    const auto* record = record_of(fault.report);
    std::error_code unknown;
    return record != nullptr && record->state == State::kRemoved && on_disk(fault.report) != nullptr &&
           !fs::exists(directory_ / fault.report, unknown);
  });
}

/// Reports of a past date: they follow none, and the catalog does not note them.
void ChainExamination::check_alone(const fs::path& folder, const std::string& prefix) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const auto name = entry.path().filename().string();
    if (!is_report_name(name) || !entry.is_directory(failed) || entry.is_symlink(failed)) {
      if (!name.ends_with(".partial"))
        add(ReportDamage::kUnknown, prefix + name, "", "is no report that was written here");
      continue;
    }
    auto report = open_report(entry.path());
    report.name = prefix + name;
    if (report.manifest && (report.manifest->report != name || !report.manifest->previous_report.empty()))
      add(ReportDamage::kMisplaced, report.name, "",
          "is the report " + report.manifest->report + (report.manifest->report == name ? " of a chain" : "") +
              ": exchanged or copied");
    check_head(report);
    result_.files += examine_files(report, trust_, result_.faults);
    ++result_.reports;
  }
}

/// Who strips the signature has to be noticed where no log knows better.
void ChainExamination::check_signing() {
  bool signed_before = false;
  for (const auto& report : reports_) {
    const bool has_key = !report.public_key.empty();
    if (signed_before && !has_key && !report.vouched)
      add(ReportDamage::kBadSignature, report.name, kSignatureFile, "is not there although earlier reports are signed");
    signed_before |= has_key;
  }
}

}  // namespace

const char* to_word(ReportDamage damage) noexcept {
  switch (damage) {
    case ReportDamage::kAltered: return "altered";
    case ReportDamage::kTruncated: return "truncated";
    case ReportDamage::kMissing: return "missing";
    case ReportDamage::kUnknown: return "unknown";
    case ReportDamage::kMisplaced: return "misplaced";
    case ReportDamage::kReportMissing: return "report_missing";
    case ReportDamage::kChainBroken: return "chain_broken";
    case ReportDamage::kBadSignature: return "bad_signature";
    case ReportDamage::kCatalogDiffers: return "catalog_differs";
  }
  return "?";
}

namespace {

Result<ReportVerification> examine_chain(const fs::path& directory, const ReportTrust& trust) {
  ChainExamination look(directory, trust);
  std::error_code unknown;
  if (fs::exists(directory / kManifestJson, unknown))
    return make_error(ErrorCode::kUsage, directory.string() + " is one report; name the folder of reports it lies in");
  if (fs::canonical(directory, unknown).filename() == kAsOf) {
    look.check_alone(directory, "");
    return look.finish();
  }
  if (auto read = look.read(); !read) return read.error();
  look.vouch();
  look.check_names();
  look.check_links();
  look.check_record();
  look.check_signing();
  look.check_latest();
  look.check_pages();
  look.check_files();
  look.check_alone(directory / kAsOf, std::string(kAsOf) + "/");
  return look.finish();
}

std::size_t reports_noted(const ReportTrust& trust) {
  return trust.log == nullptr ? 0 : trust.log->report_rows().size();
}

}  // namespace

/// Reports may be written or removed meanwhile, and the folder and the log are not read in one moment: what seems to be
/// wrong then is looked at once more.
Result<ReportVerification> verify_reports(const fs::path& directory, const ReportTrust& trust) {
  constexpr int kMostLooks = 5;
  for (int look = 1;; ++look) {
    const auto noted = reports_noted(trust);
    auto found = examine_chain(directory, trust);
    const bool disturbed = found && !found->faults.empty() && reports_noted(trust) != noted;
    if (!disturbed || look == kMostLooks) return found;
  }
}

}  // namespace damsync
