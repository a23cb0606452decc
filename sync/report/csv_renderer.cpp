#include "sync/report/csv_renderer.h"

#include <charconv>

namespace damsync {
namespace {

constexpr const char* kLicensesFile = "licenses.csv";
constexpr const char* kFindingsFile = "findings.csv";
constexpr std::string_view kFindingsHeader =
    "code,severity,provider,account,asset_id,license_id,message,first_seen,waived,waived_by,waived_until,"
    "waived_reason\r\n";

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

/// What each kind of column looks like in a cell.
struct CellOf {
  std::string& out;
  const ReportLicense& row;

  void operator()(std::string ReportLicense::*text) const { append_csv_cell(out, row.*text); }
  void operator()(std::optional<std::int64_t> ReportLicense::*number) const {
    if (const auto& value = row.*number) append_number(out, *value);
  }
  void operator()(std::optional<bool> ReportLicense::*flag) const {
    if (const auto& value = row.*flag) out += *value ? "true" : "false";
  }
  void operator()(ReportTime ReportLicense::*time) const { out += (row.*time).text; }
  void operator()(std::vector<std::string> ReportLicense::*list) const {
    const auto& values = row.*list;
    if (values.size() == 1) append_csv_cell(out, values.front());
    if (values.size() < 2) return;
    std::string joined;
    for (const auto& value : values) {
      if (!joined.empty()) joined += "; ";
      joined += value;
    }
    append_csv_cell(out, joined);
  }
};

void append_finding(std::string& out, const Finding& finding) {
  out += to_word(finding.code);
  out += ',';
  out += to_word(rule_of(finding.code).severity);
  for (const auto* text : {&finding.provider, &finding.account, &finding.asset_id, &finding.license_id,
                           &finding.message, &finding.first_seen.text}) {
    out += ',';
    append_csv_cell(out, *text);
  }
  out += finding.waived ? ",true" : ",false";
  const FindingWaiver none;
  const auto& waiver = finding.waived ? *finding.waived : none;
  for (const auto* text : {&waiver.by, &waiver.until, &waiver.reason}) {
    out += ',';
    append_csv_cell(out, *text);
  }
  out += "\r\n";
}

/// Bytes that decide how a cell is written, in one look a byte.
constexpr auto kNeedsQuotes = [] {
  std::array<bool, 256> table{};
  for (const unsigned char c : {'"', ',', '\r', '\n'}) table[c] = true;
  return table;
}();

constexpr bool starts_formula(char c) { return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t' || c == '\r'; }

}  // namespace

void append_csv_cell(std::string& out, std::string_view text) {
  if (text.empty()) return;
  bool quoted = false, has_nul = false;
  for (const unsigned char c : text) {
    quoted |= kNeedsQuotes[c];
    has_nul |= c == 0;
  }
  const bool guarded = starts_formula(text.front());
  if (!quoted && !has_nul) {
    if (guarded) out += '\'';
    out += text;
    return;
  }
  out += '"';
  if (guarded) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    if (c == 0)
      out += "\xef\xbf\xbd";  // readers of CSV end a text at NUL
    else
      out += c;
  }
  out += '"';
}

Status CsvRenderer::begin(const ReportHead& /*head*/) {
  for (auto [file, name] : {std::pair{&licenses_, kLicensesFile}, std::pair{&findings_, kFindingsFile}}) {
    auto created = files_.create(name);
    if (!created) return created.error();
    file->emplace(std::move(*created));
  }
  auto& out = licenses_->buffer();
  for (const auto& column : report_columns()) {
    if (column.name != report_columns().front().name) out += ',';
    out += column.name;
  }
  out += "\r\n";
  findings_->buffer() += kFindingsHeader;
  return {};
}

Status CsvRenderer::license(const ReportLicense& row, std::span<const Finding> findings) {
  auto& out = licenses_->buffer();
  bool first = true;
  for (const auto& column : report_columns()) {
    if (!first) out += ',';
    first = false;
    std::visit(CellOf{out, row}, column.access);
  }
  out += "\r\n";
  for (const auto& finding : findings) append_finding(findings_->buffer(), finding);
  if (auto drained = licenses_->drain(); !drained) return drained;
  return findings_->drain();
}

Status CsvRenderer::finding(const Finding& finding) {
  append_finding(findings_->buffer(), finding);
  return findings_->drain();
}

Status CsvRenderer::end(const ReportTotals& /*totals*/) {
  if (auto done = files_.finish(kLicensesFile, *licenses_); !done) return done;
  return files_.finish(kFindingsFile, *findings_);
}

}  // namespace damsync
