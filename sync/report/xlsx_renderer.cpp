#include "sync/report/xlsx_renderer.h"

#ifdef DAMSYNC_XLSX
#include <xlsxwriter.h>
#endif

namespace damsync {

#ifdef DAMSYNC_XLSX
namespace {

constexpr const char* kFile = "report.xlsx";
constexpr lxw_row_t kLastRow = 50'000;
constexpr std::size_t kMaxCell = 32'767;

/// Text that XML can hold, as long as a cell takes.
std::string cell_text(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    const bool begins_character = (byte & 0xc0) != 0x80;
    if (begins_character && ++characters > kMaxCell / 2) break;
    const bool allowed = byte >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    const auto three = std::string_view(text).substr(at, 3);
    if (allowed && three != "\xef\xbf\xbe" && three != "\xef\xbf\xbf") {  // U+FFFE and U+FFFF
      out += c;
      continue;
    }
    out += "\xef\xbf\xbd";
    if (allowed) at += 2;
  }
  return out;
}

struct TextOf {
  const ReportLicense& row;

  std::string operator()(std::string ReportLicense::*text) const { return row.*text; }
  std::string operator()(std::optional<std::int64_t> ReportLicense::*number) const {
    return row.*number ? std::to_string(*(row.*number)) : std::string();
  }
  std::string operator()(std::optional<bool> ReportLicense::*flag) const {
    if (!(row.*flag)) return {};
    return *(row.*flag) ? "true" : "false";
  }
  std::string operator()(ReportTime ReportLicense::*time) const { return (row.*time).text; }
  std::string operator()(std::vector<std::string> ReportLicense::*list) const {
    std::string out;
    for (const auto& item : row.*list) {
      if (!out.empty()) out += "; ";
      out += item;
    }
    return out;
  }
};

}  // namespace

struct XlsxRenderer::Workbook {
  explicit Workbook(const ReportFiles& files)
      : path((files.folder() / kFile).string()), folder(files.folder().string()) {
    // The library's own spool belongs into the folder of the report, wherever the system's temporary folder is.
    lxw_workbook_options options{};
    options.constant_memory = LXW_TRUE;
    options.tmpdir = folder.data();
    book = workbook_new_opt(path.c_str(), &options);
    if (book == nullptr) return;
    lxw_doc_properties properties{};
    properties.created = 946'684'800;  // always the same: equal reports, equal bytes
    workbook_set_properties(book, &properties);
    head = workbook_add_format(book);
    format_set_bold(head);
    licenses = workbook_add_worksheet(book, "licenses");
    findings = workbook_add_worksheet(book, "findings");
  }
  ~Workbook() {
    if (book != nullptr) workbook_close(book);
  }
  Workbook(const Workbook&) = delete;
  Workbook& operator=(const Workbook&) = delete;

  static void put(lxw_worksheet* sheet, lxw_row_t row, lxw_col_t column, const std::string& text, lxw_format* format) {
    if (!text.empty()) worksheet_write_string(sheet, row, column, cell_text(text).c_str(), format);
  }
  /// The row to write next; nothing when the sheet is full.
  static bool next_row(lxw_worksheet* sheet, lxw_row_t& row) {
    if (row == kLastRow) put(sheet, row++, 0, "The sheet ends here; the CSV file has every row.", nullptr);
    return row < kLastRow;
  }
  /// High ones at once, the others after them: where the sheet ends, the least is lost.
  void take_finding(const Finding& f) {
    const auto severity = rule_of(f.code).severity;
    if (severity == FindingSeverity::kHigh) return put_finding(cells_of(f));
    auto& wait = severity == FindingSeverity::kMedium ? medium : low;
    if (wait.size() <= kLastRow) wait.push_back(cells_of(f));
  }
  /// The cells, each ended by a zero.
  static std::string cells_of(const Finding& f) {
    const FindingWaiver none;
    const auto& waiver = f.waived ? *f.waived : none;
    std::string out;
    for (const auto& text : {std::string(to_word(f.code)), std::string(to_word(rule_of(f.code).severity)), f.provider,
                             f.account, f.asset_id, f.license_id, f.message, f.first_seen.text,
                             std::string(f.waived ? "true" : "false"), waiver.by, waiver.until, waiver.reason})
      out.append(cell_text(text)).push_back('\0');
    return out;
  }
  void put_finding(std::string_view cells) {
    if (!next_row(findings, finding_row)) return;
    lxw_col_t column = 0;
    for (auto end = cells.find('\0'); end != std::string_view::npos; end = cells.find('\0')) {
      put(findings, finding_row, column++, std::string(cells.substr(0, end)), nullptr);
      cells.remove_prefix(end + 1);
    }
    ++finding_row;
  }
  void put_waiting() {
    for (const auto* list : {&medium, &low})
      for (const auto& cells : *list) put_finding(cells);
  }

  std::string path, folder;
  lxw_workbook* book = nullptr;
  lxw_format* head = nullptr;
  lxw_worksheet* licenses = nullptr;
  lxw_worksheet* findings = nullptr;
  lxw_row_t license_row = 1, finding_row = 1;
  std::vector<std::string> medium, low;  ///< findings that wait; no more than a sheet takes
};

bool has_xlsx_renderer() noexcept { return true; }

XlsxRenderer::XlsxRenderer(ReportFiles& files) : files_(files) {}
XlsxRenderer::~XlsxRenderer() = default;

Status XlsxRenderer::begin(const ReportHead& /*head*/) {
  book_ = std::make_unique<Workbook>(files_);
  if (book_->book == nullptr) return make_error(ErrorCode::kStorage, "cannot create " + book_->path);
  lxw_col_t column = 0;
  for (const auto& known : report_columns()) Workbook::put(book_->licenses, 0, column++, known.name, book_->head);
  column = 0;
  for (const auto* name : {"code", "severity", "provider", "account", "asset_id", "license_id", "message", "first_seen",
                           "waived", "waived_by", "waived_until", "waived_reason"})
    Workbook::put(book_->findings, 0, column++, name, book_->head);
  for (auto* sheet : {book_->licenses, book_->findings}) {
    worksheet_freeze_panes(sheet, 1, 0);
    worksheet_set_column(sheet, 0, column, 18, nullptr);
  }
  return {};
}

Status XlsxRenderer::license(const ReportLicense& row, std::span<const Finding> findings) {
  for (const auto& finding : findings) book_->take_finding(finding);
  if (!Workbook::next_row(book_->licenses, book_->license_row)) return {};
  lxw_col_t column = 0;
  for (const auto& known : report_columns())
    Workbook::put(book_->licenses, book_->license_row, column++, std::visit(TextOf{row}, known.access), nullptr);
  ++book_->license_row;
  return {};
}

Status XlsxRenderer::finding(const Finding& finding) {
  book_->take_finding(finding);
  return {};
}

Status XlsxRenderer::end(const ReportTotals& /*totals*/) {
  book_->put_waiting();
  auto* book = std::exchange(book_->book, nullptr);
  if (const auto failed = workbook_close(book); failed != LXW_NO_ERROR)
    return make_error(ErrorCode::kStorage, "cannot write " + book_->path + ": " + lxw_strerror(failed));
  return files_.adopt(kFile);
}

#else

struct XlsxRenderer::Workbook {};
bool has_xlsx_renderer() noexcept { return false; }
XlsxRenderer::XlsxRenderer(ReportFiles& files) : files_(files) {}
XlsxRenderer::~XlsxRenderer() = default;
Status XlsxRenderer::begin(const ReportHead& /*head*/) { return {}; }
Status XlsxRenderer::license(const ReportLicense& /*row*/, std::span<const Finding> /*findings*/) { return {}; }
Status XlsxRenderer::finding(const Finding& /*finding*/) { return {}; }
Status XlsxRenderer::end(const ReportTotals& /*totals*/) { return {}; }

#endif

}  // namespace damsync
