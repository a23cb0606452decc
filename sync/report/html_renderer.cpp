#include "sync/report/html_renderer.h"

#include <algorithm>
#include <array>
#include <kainjow/mustache.hpp>

#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "sync/report/html_charts.h"
#include "sync/report/html_tables.h"
#include "sync/report/html_text.h"
#include "sync/report/report_texts.h"

namespace damsync {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::list;
using kainjow::mustache::mustache;

/// What is shown of one code, and how many there are.
struct Shown {
  HtmlTable table = findings_table();
  std::int64_t count = 0;
};

/// `sha256-…` as a content security policy names an inline text.
std::string policy_hash(std::string_view text) {
  const auto hex = sha256_hex(text);
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return "sha256-" + base64(bytes);
}

std::string long_date(const std::string& date) {
  constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
  const auto day = parse_date(date);
  if (!day) return date;
  const std::chrono::year_month_day ymd(*day);
  return std::to_string(static_cast<unsigned>(ymd.day())) + " " + kMonths[static_cast<unsigned>(ymd.month()) - 1] +
         " " + std::to_string(static_cast<int>(ymd.year()));
}

std::string readable_bytes(std::int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto tenths = bytes * 10;
  for (; tenths >= 10240 && unit + 1 < std::size(kUnits); ++unit) tenths /= 1024;
  auto out = std::to_string(tenths / 10);
  if (unit > 0) out += "." + std::to_string(tenths % 10);
  return out + " " + kUnits[unit];
}

std::string more_text(std::int64_t count, std::size_t shown, const char* what) {
  if (count <= static_cast<std::int64_t>(shown)) return {};
  return "The first " + grouped(static_cast<std::int64_t>(shown)) + " of " + grouped(count) + " are shown; " + what +
         " has them all.";
}

data figure(const std::string& name, const std::string& value, const char* kind = "") {
  data out;
  out.set("name", name);
  out.set("value", value);
  out.set("kind", kind[0] == '\0' ? data(false) : data(std::string(kind)));
  return out;
}

void add_chart(data& charts, const std::string& title, const std::string& svg) {
  if (svg.empty()) return;
  data chart;
  chart.set("title", title);
  chart.set("svg", svg);
  charts.push_back(chart);
}

std::int64_t open_of(const ReportTotals& totals, FindingSeverity severity) {
  return totals.by_severity[static_cast<std::size_t>(severity)].open;
}

data figures(const ReportTotals& t) {
  data out(data::type::list);
  out.push_back(figure("Licenses held", grouped(t.licenses_held)));
  out.push_back(figure("Assets", grouped(t.assets)));
  out.push_back(figure("Files in the store", grouped(t.files_mirrored)));
  out.push_back(figure("Size", readable_bytes(t.bytes)));
  out.push_back(figure("Withdrawn assets", grouped(t.assets_withdrawn)));
  out.push_back(figure("Vanished licenses", grouped(t.licenses_vanished)));
  out.push_back(figure("High findings", grouped(open_of(t, FindingSeverity::kHigh)), "high"));
  out.push_back(figure("Medium findings", grouped(open_of(t, FindingSeverity::kMedium)), "medium"));
  out.push_back(figure("Low findings", grouped(open_of(t, FindingSeverity::kLow)), "low"));
  out.push_back(figure("New findings", grouped(t.findings_new)));
  return out;
}

}  // namespace

/// What is kept of the rows until the page is written: bounded, whatever the number of rows.
struct HtmlRenderer::Page {
  data page;
  ReportHead head;
  std::array<Shown, kFindingCodes> open;
  HtmlTable waived = waived_table();
  std::int64_t waived_count = 0, licenses_count = 0;
  HtmlTable licenses = licenses_table();
  std::vector<LicenseLine> newest;   ///< where they were put; the page shows them by date
  std::vector<std::size_t> by_date;  ///< their places: a heap with the oldest of them on top

  [[nodiscard]] auto later() const {
    return [this](std::size_t a, std::size_t b) { return newest[a].licensed_at > newest[b].licensed_at; };
  }
  static std::size_t shown_of(FindingCode code) {
    return kFindingsShown[static_cast<std::size_t>(rule_of(code).severity)];
  }
  void take(const Finding& finding, std::string_view title) {
    if (finding.waived) {
      if (++waived_count <= static_cast<std::int64_t>(kWaivedShown))
        waived.add_rendered(waived_row(waived, finding, title));
      return;
    }
    auto& shown = open[static_cast<std::size_t>(finding.code)];
    if (++shown.count <= static_cast<std::int64_t>(shown_of(finding.code)))
      shown.table.add_rendered(finding_row(shown.table, finding, title, head.day_of));
  }
  void take(const ReportLicense& license) {
    ++licenses_count;
    if (newest.size() < kLicensesShown) {
      by_date.push_back(newest.size());
      newest.emplace_back();
    } else {
      if (license.licensed_at.text <= newest[by_date.front()].licensed_at) return;
      std::pop_heap(by_date.begin(), by_date.end(), later());
    }
    newest[by_date.back()].take(license, head.day_of);
    std::push_heap(by_date.begin(), by_date.end(), later());
  }
  [[nodiscard]] data code_data(const FindingRule& rule) const {
    const auto& shown = open[static_cast<std::size_t>(rule.code)];
    data out;
    out.set("code", to_word(rule.code));
    out.set("count", grouped(shown.count));
    out.set("meaning", html_prose(rule.meaning));
    out.set("remedy", html_prose(rule.remedy));
    out.set("table", shown.table.render(std::string(to_word(rule.code)) + " findings"));
    const auto more = more_text(shown.count, shown_of(rule.code), "findings.csv");
    out.set("more", more.empty() ? data(false) : data(more));
    return out;
  }
  void put_findings() {
    data severities(data::type::list);
    std::int64_t all = 0;
    for (const auto severity : {FindingSeverity::kHigh, FindingSeverity::kMedium, FindingSeverity::kLow}) {
      data codes(data::type::list);
      std::int64_t count = 0;
      for (const auto& rule : finding_rules()) {
        const auto found = open[static_cast<std::size_t>(rule.code)].count;
        if (rule.severity != severity || found == 0) continue;
        count += found;
        codes.push_back(code_data(rule));
      }
      all += count;
      if (count == 0) continue;
      data section;
      const std::string word = to_word(severity);
      section.set("word", word);
      section.set("title", severity == FindingSeverity::kHigh     ? "High"
                           : severity == FindingSeverity::kMedium ? "Medium"
                                                                  : "Low");
      section.set("count", grouped(count));
      section.set("codes", codes);
      severities.push_back(section);
    }
    page.set("severities", severities);
    page.set("no_findings", data(all == 0));
    page.set("has_findings", data(all != 0));
    page.set("findings_lead",
             counted(all, "open finding", "open findings") + ", by severity, each with what to do about it.");
    page.set("waived", data(false));
    if (waived_count == 0) return;
    data section;
    section.set("count", grouped(waived_count));
    section.set("table", waived.render("Waived findings"));
    const auto more = more_text(waived_count, kWaivedShown, "findings.csv");
    section.set("more", more.empty() ? data(false) : data(more));
    page.set("waived", section);
  }
  void put_waivers(const std::vector<ReportWaiver>& waivers) {
    page.set("waivers", data(false));
    if (waivers.empty()) return;
    const auto count = static_cast<std::int64_t>(waivers.size());
    data section;
    section.set("count", grouped(count));
    section.set("table", waivers_html(waivers, kWaiversShown));
    const auto more = more_text(count, kWaiversShown, "report.json");
    section.set("more", more.empty() ? data(false) : data(more));
    page.set("waivers", section);
  }
  void put_changes() {
    const auto& changes = head.changes;
    page.set("changes_lead", changes.since ? "What happened since the report of " + readable_time(changes.since) + "."
                                           : std::string("There is no report of an earlier date to compare with."));
    page.set("changes_table", changes_html(changes, kChangesShown));
    const auto left = changes.not_listed + static_cast<std::int64_t>(changes.events.size()) -
                      static_cast<std::int64_t>(std::min(changes.events.size(), kChangesShown));
    page.set("changes_more", left <= 0 ? data(false)
                                       : data(html_prose(counted(left, "earlier change is", "earlier changes are") +
                                                         " not shown; `damsync changes` prints them all.")));
  }
  void put_licenses() {
    std::sort_heap(by_date.begin(), by_date.end(), later());
    for (const auto place : by_date) licenses.add_rendered(license_row(licenses, newest[place]));
    const auto shown = static_cast<std::int64_t>(newest.size());
    page.set("licenses_lead", shown == licenses_count ? "All " + counted(licenses_count, "license", "licenses") +
                                                            ", the newest first; licenses.csv has every column."
                                                      : "The newest " + grouped(shown) + " of " +
                                                            counted(licenses_count, "license", "licenses") +
                                                            "; licenses.csv has them all with every column.");
    page.set("licenses", licenses.render("Licenses, the newest first"));
  }
};

HtmlRenderer::HtmlRenderer(ReportFiles& files) : files_(files), page_(std::make_unique<Page>()) {}
HtmlRenderer::~HtmlRenderer() = default;

Status HtmlRenderer::begin(const ReportHead& head) {
  page_->head = head;
  return {};
}

Status HtmlRenderer::license(const ReportLicense& row, std::span<const Finding> findings) {
  page_->take(row);
  for (const auto& finding : findings) page_->take(finding, row.title);
  return {};
}

Status HtmlRenderer::finding(const Finding& finding) {
  page_->take(finding, "");
  return {};
}

Status HtmlRenderer::end(const ReportTotals& totals) {
  auto& page = page_->page;
  const auto& head = page_->head;
  page.set("style", std::string(report_style_text()));
  page.set("style_hash", policy_hash(report_style_text()));
  page.set("script", std::string(report_script_text()));
  page.set("script_hash", policy_hash(report_script_text()));
  page.set("schema", std::string(kReportSchema));
  page.set("report_date", head.report_date);
  page.set("long_date", long_date(head.report_date));
  page.set("as_of", readable_time(head.as_of));
  page.set("judged_on", head.judged_on);
  page.set("time_zone", head.time_zone.empty() ? data(false) : data(head.time_zone));
  page.set("complete", data(head.complete));
  data reasons(data::type::list);
  for (const auto& reason : head.incomplete_reasons) reasons.push_back(data(reason));
  page.set("reasons", reasons);
  page.set("has_reasons", data(!head.incomplete_reasons.empty()));
  page.set("coverage", coverage_html(head));
  page.set("store_checked_at", head.store_checked_at ? data(readable_time(head.store_checked_at)) : data(false));
  page.set("figures", figures(totals));
  data charts(data::type::list);
  add_chart(charts, "Licenses per month, the last two years", month_chart(totals.licenses_by_month));
  add_chart(charts, "By provider", word_chart(totals.licenses_by_provider, "Licenses by provider"));
  add_chart(charts, "By license type", word_chart(totals.licenses_by_type, "Licenses by license type"));
  add_chart(charts, "Quota used", quota_chart(head.plans));
  page.set("charts", charts);
  page.set("has_terms", data(!totals.terms.empty()));
  page.set("terms", terms_html(totals.terms));
  data notes(data::type::list);
  for (const auto& note : totals.notes) notes.push_back(data(note));
  page.set("notes", notes);
  page_->put_findings();
  page_->put_waivers(totals.waivers);
  page_->put_changes();
  page_->put_licenses();

  mustache layout{std::string(report_page_text())};
  layout.set_custom_escape([](const std::string& text) { return html(text); });
  const auto text = layout.render(page);
  if (!layout.is_valid()) return make_error(ErrorCode::kInternal, "report.html: " + layout.error_message());
  return files_.add("report.html", text);
}

}  // namespace damsync
