#include "sync/report/report_diff.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
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
    return FindingList(std::move(*csv), columns);
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

 private:
  FindingList(CsvReader csv, std::array<std::size_t, 6> columns) : csv_(std::move(csv)), columns_(columns) {}

  CsvReader csv_;
  std::array<std::size_t, 6> columns_;
  Cells cells_;
};

/// Findings about no license are told apart by their words.
std::string identity(const ReportDifference& f) {
  const std::string& words = f.license_id.empty() ? f.message : std::string();
  return sha256_hex(f.code + '\n' + f.provider + '\n' + f.account + '\n' + f.asset_id + '\n' + f.license_id + '\n' +
                    words)
      .substr(0, 15);
}

Result<std::set<std::string>> identities(const std::filesystem::path& folder) {
  auto list = FindingList::open(folder);
  if (!list) return list.error();
  std::set<std::string> out;
  ReportDifference finding;
  for (;;) {
    const auto got = list->next(finding);
    if (!got) return got.error();
    if (!*got) return out;
    out.insert(identity(finding));
  }
}

/// Tells the findings of one report that the other one does not have.
Status tell_only(const std::filesystem::path& folder, const std::filesystem::path& other, Kind kind,
                 const std::function<void(const ReportDifference&)>& tell) {
  const auto known = identities(other);
  if (!known) return known.error();
  auto list = FindingList::open(folder);
  if (!list) return list.error();
  ReportDifference finding;
  finding.kind = kind;
  for (;;) {
    const auto got = list->next(finding);
    if (!got) return got.error();
    if (!*got) return {};
    if (!known->contains(identity(finding))) tell(finding);
  }
}

}  // namespace

const char* to_word(Kind kind) noexcept {
  switch (kind) {
    case Kind::kLicenseAdded: return "license.added";
    case Kind::kLicenseRemoved: return "license.removed";
    case Kind::kLicenseChanged: return "license.changed";
    case Kind::kFindingNew: return "finding.new";
    case Kind::kFindingGone: return "finding.gone";
  }
  return "?";
}

Status compare_reports(const std::filesystem::path& before, const std::filesystem::path& after,
                       const std::function<void(const ReportDifference&)>& tell) {
  auto status = compare_licenses(before, after, tell);
  if (status) status = tell_only(after, before, Kind::kFindingNew, tell);
  if (status) status = tell_only(before, after, Kind::kFindingGone, tell);
  return status;
}

}  // namespace damsync
