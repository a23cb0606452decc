#include "sync/report/html_tables.h"

#include "sync/report/html_text.h"

namespace damsync {
namespace {

std::string attribute(std::string_view name, std::string_view value) {
  return value.empty() ? std::string() : " " + std::string(name) + "=\"" + html(value) + "\"";
}

/// `2026-03-15 02:30`
std::string minute_of(UtcTime time) {
  const auto text = format_rfc3339(time);
  return text.substr(0, 10) + " " + text.substr(11, 5);
}

/// Day and minute below each other.
std::string moment_text(std::optional<UtcTime> time) {
  if (!time) return "never";
  auto text = minute_of(*time);
  text[10] = '\n';
  return text;
}

std::string spans_text(const std::vector<ReportSpan>& spans, const char* none) {
  constexpr std::size_t kShown = 3;
  if (spans.empty()) return none;
  std::string out;
  // The newest say most.
  const std::size_t first = spans.size() > kShown ? spans.size() - kShown : 0;
  if (first > 0) out = counted(static_cast<std::int64_t>(first), "earlier span", "earlier spans");
  for (std::size_t i = first; i < spans.size(); ++i) {
    if (!out.empty()) out += "\n";
    out += minute_of(spans[i].from) + " –\n" + minute_of(spans[i].to);
  }
  return out;
}

std::string rows_text(const ReportCoverage& c) {
  if (!c.rows_seen) return "";
  if (!c.rows_expected) return grouped(*c.rows_seen);
  return grouped(*c.rows_seen) + " of " + grouped(*c.rows_expected);
}

std::string joined(const std::vector<std::string>& list, std::string_view between = ", ") {
  std::string out;
  for (const auto& item : list) {
    if (!out.empty()) out += between;
    out += item;
  }
  return out;
}

/// Days are enough for people; the exact time is in the other formats. Empty when it is not known.
std::string day_text(const ReportTime& time, const LocalDay& day_of) {
  return time.at ? format_date(local_day(day_of, *time.at)) : std::string();
}

std::string join_nonempty(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return std::string(a) + std::string(b);
  return std::string(a) + " " + std::string(b);
}

std::string lines(std::string_view a, std::string_view b) {
  return std::string(a) + (a.empty() || b.empty() ? "" : "\n") + std::string(b);
}

std::string period(const std::string& start, const std::string& end) {
  if (start.empty() && end.empty()) return "not known";
  return (start.empty() ? "…" : start) + " –\n" + (end.empty() ? "…" : end);
}

}  // namespace

std::string HtmlTable::row(std::initializer_list<std::string_view> cells) const {
  std::string out = "<tr>";
  auto column = columns_.begin();
  for (const auto cell : cells) {
    std::string kind = column->kind;
    if (cell.empty()) kind += kind.empty() ? "e" : " e";
    out += "<td" + attribute("class", kind) + attribute("data-l", column->name) + ">";
    append_html(out, cell);
    out += "</td>";
    ++column;
  }
  return out + "</tr>\n";
}

std::string HtmlTable::render(std::string_view caption) const {
  if (rows_.empty()) return {};
  std::string out = R"(<div class="table" role="region" tabindex="0" aria-label=")" + html(caption) +
                    "\"><table class=\"sort\"><caption>" + html(caption) + "</caption><thead><tr>";
  for (const auto& column : columns_)
    out += "<th scope=\"col\"" + attribute("class", column.kind == std::string_view("n") ? "n" : "") + ">" +
           html(column.name) + "</th>";
  return out + "</tr></thead><tbody>\n" + rows_ + "</tbody></table></div>";
}

HtmlTable findings_table() {
  return HtmlTable(
      {{"Account", ""}, {"Asset", "id"}, {"Title", "w"}, {"License", "id"}, {"What", "w"}, {"First seen", "t"}});
}

std::string finding_row(const HtmlTable& table, const Finding& f, std::string_view title, const LocalDay& day_of) {
  return table.row({f.account, f.asset_id, title, f.license_id, f.message, day_text(f.first_seen, day_of)});
}

HtmlTable waived_table() {
  return HtmlTable({{"Finding", ""},
                    {"Account", ""},
                    {"Asset", "id"},
                    {"License", "id"},
                    {"What", "w"},
                    {"Signed by", ""},
                    {"Until", "t"},
                    {"Reason", ""}});
}

std::string waived_row(const HtmlTable& table, const Finding& f, std::string_view title) {
  const FindingWaiver none;
  const auto& waiver = f.waived ? *f.waived : none;
  return table.row({to_word(f.code), f.account, f.asset_id, f.license_id, lines(title, f.message), waiver.by,
                    waiver.until.empty() ? "no end" : waiver.until, waiver.reason});
}

HtmlTable licenses_table() {
  return HtmlTable({{"Licensed", "t"},
                    {"Asset", "id"},
                    {"Title", "w"},
                    {"License", "id"},
                    {"By, for", "l"},
                    {"Right of use", "s"},
                    {"File, license", "p"},
                    {"Findings", "c"}});
}

void LicenseLine::take(const ReportLicense& l, const LocalDay& day_of) {
  licensed_at = l.licensed_at.text;
  licensed_on = day_text(l.licensed_at, day_of);
  provider = l.provider;
  asset_id = l.asset_id;
  title = l.title;
  license_type = l.license_type;
  size = l.size;
  license_id = l.license_id;
  licensed_by = l.licensed_by;
  project = l.project;
  purchase_order = l.purchase_order;
  start = l.start;
  end = l.end;
  file_state = l.file_state;
  license_state = l.license_state;
  asset_state = l.asset_state;
  findings = l.findings;
}

std::string license_row(const HtmlTable& table, const LicenseLine& l) {
  const auto says = l.asset_state == "active" && l.license_state == "held" ? std::string("held")
                                                                           : l.license_state + ", " + l.asset_state;
  return table.row({l.licensed_on, lines(l.provider, l.asset_id), l.title,
                    lines(join_nonempty(l.license_type, l.size), l.license_id),
                    lines(l.licensed_by, join_nonempty(l.project, l.purchase_order)), period(l.start, l.end),
                    lines(l.file_state, says), joined(l.findings, "\n")});
}

std::string coverage_html(const ReportHead& head) {
  HtmlTable table({{"Account", ""},
                   {"Feed", ""},
                   {"State", ""},
                   {"Observed", "s"},
                   {"Gaps", "s"},
                   {"Last success", "s"},
                   {"Full reading", "s"},
                   {"Rows read", "n"},
                   {"Last error", "w"}});
  for (const auto& c : head.coverage)
    table.add({c.account + " (" + c.provider + ")", c.stream, c.complete ? "complete" : "INCOMPLETE",
               spans_text(c.observed, head.past ? "not kept" : "nothing yet"), spans_text(c.gaps, "none"),
               moment_text(c.last_ok_at), head.past ? "not kept" : moment_text(c.last_full_at), rows_text(c), c.error});
  const auto out = table.render("Feeds of each account; times are UTC");
  return out.empty() ? "<p class=\"no\">No feed of any account was read yet.</p>" : out;
}

std::string changes_html(const ReportChanges& changes, std::size_t at_most) {
  std::string out;
  if (!changes.counts.empty()) {
    out = "<ul class=\"tags\">";
    for (const auto& [type, count] : changes.counts) out += "<li>" + html(type) + " " + grouped(count) + "</li>";
    out += "</ul>";
  }
  HtmlTable table({{"Time", "t"}, {"What", ""}, {"Account", ""}, {"Asset", "id"}, {"License", "id"}, {"Fields", ""}});
  const auto shown = std::min(changes.events.size(), at_most);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& event = changes.events[changes.events.size() - 1 - i];
    table.add({readable_time(event.time), to_word(event.type), event.account, event.asset_id, event.license_id,
               joined(event.fields)});
  }
  return out + table.render("Changes of licenses, withdrawals and returns, the newest first");
}

std::string terms_html(const std::vector<ReportTerms>& terms) {
  HtmlTable table({{"Licenses", "w"},
                   {"Licensee", ""},
                   {"Start", "t"},
                   {"End", "t"},
                   {"Terms", "w"},
                   {"SHA-256 of the terms", "h"}});
  for (const auto& t : terms)
    table.add({t.match, t.licensee, t.start, t.end, join_nonempty(t.terms_url, t.terms_file), t.terms_sha256});
  return table.render("Agreements");
}

std::string waivers_html(const std::vector<ReportWaiver>& waivers, std::size_t at_most) {
  HtmlTable table({{"Finding", ""},
                   {"Account", ""},
                   {"Asset or file", "id"},
                   {"License", "id"},
                   {"State", ""},
                   {"Findings", "n"},
                   {"Signed by", ""},
                   {"Until", "t"},
                   {"Reason", "w"}});
  for (std::size_t i = 0; i < std::min(waivers.size(), at_most); ++i) {
    const auto& w = waivers[i];
    const auto& until = w.signed_off.until;
    table.add({to_word(w.code), w.account.empty() ? w.provider : w.account, w.path.empty() ? w.asset_id : w.path,
               w.license_id, state_word(w), grouped(w.findings), w.signed_off.by, until.empty() ? "no end" : until,
               w.signed_off.reason});
  }
  return table.render("Waivers and how many findings each covers");
}

std::string readable_time(std::optional<UtcTime> time) { return time ? minute_of(*time) + " UTC" : "never"; }

}  // namespace damsync
