#include "sync/report/report_bundle.h"

#include "sync/report/csv_renderer.h"
#include "sync/report/html_renderer.h"
#include "sync/report/json_renderer.h"
#include "sync/report/xlsx_renderer.h"

namespace damsync {
namespace {

template <class Call>
Status each(const std::vector<std::unique_ptr<ReportRenderer>>& renderers, Call&& call) {
  for (const auto& renderer : renderers)
    if (auto done = call(*renderer); !done) return done;
  return {};
}

}  // namespace

ReportBundle::ReportBundle(ReportFiles& files) {
  renderers_.push_back(std::make_unique<JsonRenderer>(files));
  renderers_.push_back(std::make_unique<CsvRenderer>(files));
  renderers_.push_back(std::make_unique<HtmlRenderer>(files));
  if (has_xlsx_renderer()) renderers_.push_back(std::make_unique<XlsxRenderer>(files));
}

Status ReportBundle::begin(const ReportHead& head) {
  return each(renderers_, [&](ReportRenderer& renderer) { return renderer.begin(head); });
}

Status ReportBundle::license(const ReportLicense& row, std::span<const Finding> findings) {
  return each(renderers_, [&](ReportRenderer& renderer) { return renderer.license(row, findings); });
}

Status ReportBundle::finding(const Finding& finding) {
  return each(renderers_, [&](ReportRenderer& renderer) { return renderer.finding(finding); });
}

Status ReportBundle::end(const ReportTotals& totals) {
  return each(renderers_, [&](ReportRenderer& renderer) { return renderer.end(totals); });
}

}  // namespace damsync
