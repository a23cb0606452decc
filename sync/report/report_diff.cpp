#include "sync/report/report_diff.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "storage/base/digest.h"
#include "sync/report/csv_reader.h"

namespace damsync {
namespace {

using Kind = ReportDifference::Kind;
using Cells = std::vector<std::string>;

constexpr const char* kLicenses = "licenses.csv";
constexpr const char* kFindings = "findings.csv";

/// Nightly news of no interest, and what is compared on its own.
bool is_compared(const std::string& column) { return column != "verified_at" && column != "findings"; }

/// One side of the comparison: the licenses of a report in key order.
class LicenseList {
 public:
  static Result<LicenseList> open(const std::filesystem::path& folder) {
    auto csv = CsvReader::open(folder / kLicenses);
    if (!csv) return csv.error();
    std::array<std::size_t, 4> key{};
    constexpr std::array<const char*, 4> kKey = {"account", "asset_id", "license_id", "provider"};
    for (std::size_t i = 0; i < kKey.size(); ++i) {
      const auto at = csv->column(kKey[i]);
      if (!at) return at.error();
      key[i] = *at;
    }
    return LicenseList(std::move(*csv), key);
  }

  Status advance() {
    const auto got = csv_.next(cells_);
    if (!got) return got.error();
    there_ = *got;
    return {};
  }
  [[nodiscard]] bool there() const noexcept { return there_; }
  /// Order of reports: account, asset, license.
  [[nodiscard]] int compare(const LicenseList& other) const {
    for (std::size_t i = 0; i < 3; ++i)
      if (const int order = cells_[key_[i]].compare(other.cells_[other.key_[i]]); order != 0) return order;
    return 0;
  }
  [[nodiscard]] ReportDifference name(Kind kind) const {
    return {kind, cells_[key_[3]], cells_[key_[0]], cells_[key_[1]], cells_[key_[2]], {}, "", ""};
  }
  [[nodiscard]] const Cells& header() const noexcept { return csv_.header(); }
  [[nodiscard]] const Cells& cells() const noexcept { return cells_; }

 private:
  LicenseList(CsvReader csv, std::array<std::size_t, 4> key) : csv_(std::move(csv)), key_(key) {}

  CsvReader csv_;
  std::array<std::size_t, 4> key_;
  Cells cells_;
  bool there_ = false;
};

/// Columns that only one of the two versions has are no difference.
std::optional<ReportDifference> changed(const LicenseList& before, const LicenseList& after) {
  ReportDifference out = after.name(Kind::kLicenseChanged);
  for (std::size_t i = 0; i < after.header().size(); ++i) {
    const std::string& name = after.header()[i];
    if (!is_compared(name)) continue;
    std::size_t j = i;
    if (j >= before.header().size() || before.header()[j] != name)
      j = static_cast<std::size_t>(std::find(before.header().begin(), before.header().end(), name) -
                                   before.header().begin());
    if (j == before.header().size() || before.cells()[j] == after.cells()[i]) continue;
    out.fields.push_back({name, before.cells()[j], after.cells()[i]});
  }
  if (out.fields.empty()) return std::nullopt;
  return out;
}

Status compare_licenses(const std::filesystem::path& from, const std::filesystem::path& to,
                        const std::function<void(const ReportDifference&)>& tell) {
  auto before = LicenseList::open(from);
  if (!before) return before.error();
  auto after = LicenseList::open(to);
  if (!after) return after.error();
  auto status = before->advance();
  if (status) status = after->advance();
  while (status && (before->there() || after->there())) {
    const int order = !before->there() ? 1 : !after->there() ? -1 : before->compare(*after);
    if (order < 0) tell(before->name(Kind::kLicenseRemoved));
    if (order > 0) tell(after->name(Kind::kLicenseAdded));
    if (order == 0)
      if (const auto difference = changed(*before, *after)) tell(*difference);
    if (order <= 0) status = before->advance();
    if (order >= 0 && status) status = after->advance();
  }
  return status;
}

/// Reads findings; what identifies one is hashed, so that a million of them fit.
class FindingList {
 public:
  static Result<FindingList> open(const std::filesystem::path& folder) {
    auto csv = CsvReader::open(folder / kFindings);
    if (!csv) return csv.error();
    std::array<std::size_t, 6> columns{};
    constexpr std::array<const char*, 6> kNames = {"provider", "account", "asset_id", "license_id", "code", "message"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      const auto at = csv->column(kNames[i]);
      if (!at) return at.error();
      columns[i] = *at;
    }
    const auto waived = csv->column("waived");
    return FindingList(std::move(*csv), columns, waived ? std::optional(*waived) : std::nullopt);
  }

  /// False at the end.
  Result<bool> next(ReportDifference& finding) {
    const auto got = csv_.next(cells_);
    if (!got || !*got) return got;
    std::string* const into[] = {&finding.provider,   &finding.account, &finding.asset_id,
                                 &finding.license_id, &finding.code,    &finding.message};
    for (std::size_t i = 0; i < columns_.size(); ++i) *into[i] = cells_[columns_[i]];
    return true;
  }
  /// Of the finding that was read last.
  [[nodiscard]] bool waived() const { return waived_ && cells_[*waived_] == "true"; }

 private:
  FindingList(CsvReader csv, std::array<std::size_t, 6> columns, std::optional<std::size_t> waived)
      : csv_(std::move(csv)), columns_(columns), waived_(waived) {}

  CsvReader csv_;
  std::array<std::size_t, 6> columns_;
  std::optional<std::size_t> waived_;
  Cells cells_;
};

/// What a finding about no license and no asset is about: its words without what is counted anew every night.
std::string_view subject_of(std::string_view code, std::string_view message) {
  const auto until = [&](std::size_t end) { return message.substr(0, end); };
  if (code == "QUOTA_LOW" || code == "PLAN_ENDING") {  // plan p-1: 3 of 350 left; plan p-1 ends at …
    const auto plan = until(message.find(' ', message.find(' ') + 1));
    return plan.ends_with(':') ? plan.substr(0, plan.size() - 1) : plan;
  }
  if (code == "COVERAGE_GAP") return until(message.rfind(" to "));   // feed: not observed from … to …
  if (code == "STALE_PROVIDER") return until(message.find(": "));    // feeds: last read to its end at …
  if (code == "FILE_NO_LICENSE") return until(message.rfind(" ("));  // …: path (5 bytes)
  return message;
}

std::string identity(const ReportDifference& f) {
  const bool loose = f.license_id.empty() && f.asset_id.empty();
  const std::string subject(loose ? subject_of(f.code, f.message) : std::string_view());
  return sha256_hex(f.code + '\n' + f.provider + '\n' + f.account + '\n' + f.asset_id + '\n' + f.license_id + '\n' +
                    subject)
      .substr(0, 15);
}

/// The findings of a report, and whether each is waived.
using KnownFindings = std::map<std::string, bool>;

Result<KnownFindings> known_findings(const std::filesystem::path& folder) {
  auto list = FindingList::open(folder);
  if (!list) return list.error();
  KnownFindings out;
  ReportDifference finding;
  for (;;) {
    const auto got = list->next(finding);
    if (!got) return got.error();
    if (!*got) return out;
    out.emplace(identity(finding), list->waived());
  }
}

/// Tells what `judge` makes of each finding of a report, given whether the other one has it, and has it waived.
using JudgeFinding = std::optional<Kind> (*)(bool waived, const bool* waived_in_other);
Status tell_findings(const std::filesystem::path& folder, const std::filesystem::path& other, JudgeFinding judge,
                     const std::function<void(const ReportDifference&)>& tell) {
  const auto known = known_findings(other);
  if (!known) return known.error();
  auto list = FindingList::open(folder);
  if (!list) return list.error();
  ReportDifference finding;
  for (;;) {
    const auto got = list->next(finding);
    if (!got) return got.error();
    if (!*got) return {};
    const auto there = known->find(identity(finding));
    const auto kind = judge(list->waived(), there == known->end() ? nullptr : &there->second);
    if (!kind) continue;
    finding.kind = *kind;
    tell(finding);
  }
}

std::optional<Kind> of_now(bool waived, const bool* waived_before) {
  if (waived_before == nullptr) return Kind::kFindingNew;
  if (waived == *waived_before) return std::nullopt;
  return waived ? Kind::kFindingWaived : Kind::kFindingReopened;
}

std::optional<Kind> of_before(bool, const bool* waived_now) {
  return waived_now == nullptr ? std::optional(Kind::kFindingGone) : std::nullopt;
}

}  // namespace

const char* to_word(Kind kind) noexcept {
  switch (kind) {
    case Kind::kLicenseAdded: return "license.added";
    case Kind::kLicenseRemoved: return "license.removed";
    case Kind::kLicenseChanged: return "license.changed";
    case Kind::kFindingNew: return "finding.new";
    case Kind::kFindingGone: return "finding.gone";
    case Kind::kFindingWaived: return "finding.waived";
    case Kind::kFindingReopened: return "finding.reopened";
  }
  return "?";
}

Status compare_reports(const std::filesystem::path& before, const std::filesystem::path& after,
                       const std::function<void(const ReportDifference&)>& tell) {
  auto status = compare_licenses(before, after, tell);
  if (status) status = tell_findings(after, before, of_now, tell);
  if (status) status = tell_findings(before, after, of_before, tell);
  return status;
}

}  // namespace damsync
