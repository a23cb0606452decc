#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sync/report/report_model.h"

namespace damsync {

/// A table of the page: caption, column heads with scope, rows whose cells carry their column's name for narrow
/// screens. Rows are rendered where they are met, so that only what is shown is kept.
class HtmlTable {
 public:
  struct Column {
    const char* name;
    const char* kind;  ///< class of its cells: `n` number, `t` time, `id`, `h` hash, `c` codes, `w` wide, `s` lines
                       ///< that stay whole, `l` and `p` lines that may break; may be empty
  };
  explicit HtmlTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Cells as plain text, in the order of the columns.
  void add(std::initializer_list<std::string_view> cells) { rows_ += row(cells); }
  void add_rendered(std::string_view row) { rows_ += row; }
  [[nodiscard]] std::string row(std::initializer_list<std::string_view> cells) const;
  /// Nothing without rows. The caption is plain text.
  [[nodiscard]] std::string render(std::string_view caption) const;

 private:
  std::vector<Column> columns_;
  std::string rows_;
};

HtmlTable findings_table();
/// `title` of the asset; may be empty. Days are those of `day_of`.
std::string finding_row(const HtmlTable& table, const Finding& finding, std::string_view title, const LocalDay& day_of);
HtmlTable waived_table();
std::string waived_row(const HtmlTable& table, const Finding& finding, std::string_view title);
HtmlTable licenses_table();
/// What of a license its row shows.
struct LicenseLine {
  std::string licensed_at;  ///< RFC 3339, to sort by
  std::string licensed_on;  ///< the day that is shown
  std::string provider, asset_id, title, license_type, size, license_id, licensed_by, project, purchase_order, start,
      end, file_state, license_state, asset_state;
  std::vector<std::string> findings;

  /// Takes the place of what was there without allocating where it fits.
  void take(const ReportLicense& license, const LocalDay& day_of);
};
std::string license_row(const HtmlTable& table, const LicenseLine& license);

std::string coverage_html(const ReportHead& head);
std::string changes_html(const ReportChanges& changes, std::size_t at_most);
std::string terms_html(const std::vector<ReportTerms>& terms);
/// At most so many of them.
std::string waivers_html(const std::vector<ReportWaiver>& waivers, std::size_t at_most);

/// `2026-03-15 02:30 UTC`
std::string readable_time(std::optional<UtcTime> time);

}  // namespace damsync
