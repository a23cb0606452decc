#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/base/json.h"
#include "sync/report/report_files.h"
#include "sync/report/report_renderer.h"

namespace damsync {

/// `report.json`: one line, members sorted at every depth, every member always there (null: not known), so that equal
/// reports are equal bytes. `findings` stands before `licenses`, which therefore wait in a file without a name.
class JsonRenderer final : public ReportRenderer {
 public:
  explicit JsonRenderer(ReportFiles& files);

  Status begin(const ReportHead& head) override;
  Status license(const ReportLicense& row, std::span<const Finding> findings) override;
  Status finding(const Finding& finding) override;
  Status end(const ReportTotals& totals) override;

 private:
  /// A column with its name as it stands in front of a value: `,"asset_id":`.
  struct Member {
    std::string key;
    ReportColumn::Access access;
  };
  Status append_finding(const Finding& finding);

  ReportFiles& files_;
  std::vector<Member> members_;
  std::optional<OutputFile> out_, licenses_;
  bool any_license_ = false, any_finding_ = false;
  std::vector<Json::Member> before_licenses_, after_licenses_;  ///< of the head, by name
};

/// Appends a JSON string, escaping as RFC 8785 does.
void append_json_text(std::string& out, std::string_view text);

}  // namespace damsync
