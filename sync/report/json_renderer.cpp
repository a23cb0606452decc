#include "sync/report/json_renderer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "sync/report/json_parts.h"

namespace damsync {
namespace {

constexpr const char* kFile = "report.json";

/// Bytes that do not stand for themselves.
constexpr auto kEscaped = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 0x20; ++c) table[static_cast<std::size_t>(c)] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

void append_escape(std::string& out, unsigned char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\t': out += "\\t"; return;
    case '\n': out += "\\n"; return;
    case '\f': out += "\\f"; return;
    case '\r': out += "\\r"; return;
    default:
      out += "\\u00";
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
  }
}

void append_or_null(std::string& out, std::string_view text) {
  if (text.empty())
    out += "null";
  else
    append_json_text(out, text);
}

struct ValueOf {
  std::string& out;
  const ReportLicense& row;

  void operator()(std::string ReportLicense::*text) const { append_or_null(out, row.*text); }
  void operator()(std::optional<std::int64_t> ReportLicense::*number) const {
    const auto& value = row.*number;
    if (!value) {
      out += "null";
      return;
    }
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, *value).ptr);
  }
  void operator()(std::optional<bool> ReportLicense::*flag) const {
    const auto& value = row.*flag;
    out += value ? (*value ? "true" : "false") : "null";
  }
  void operator()(ReportTime ReportLicense::*time) const { append_or_null(out, (row.*time).text); }
  void operator()(std::vector<std::string> ReportLicense::*list) const {
    char mark = '[';
    for (const auto& value : row.*list) {
      out += mark;
      append_json_text(out, value);
      mark = ',';
    }
    if (mark == '[') out += mark;
    out += ']';
  }
};

void append_member(std::string& out, std::string_view key, std::string_view text) {
  out += key;
  append_or_null(out, text);
}

void append_text(std::string& out, const Finding& f) {
  append_member(out, R"({"account":)", f.account);
  append_member(out, R"(,"asset_id":)", f.asset_id);
  append_member(out, R"(,"code":)", to_word(f.code));
  append_member(out, R"(,"first_seen":)", f.first_seen.text);
  append_member(out, R"(,"license_id":)", f.license_id);
  append_member(out, R"(,"message":)", f.message);
  append_member(out, R"(,"provider":)", f.provider);
  append_member(out, R"(,"severity":)", to_word(rule_of(f.code).severity));
  if (!f.waived) {
    out += R"(,"waived":null})";
    return;
  }
  append_member(out, R"(,"waived":{"by":)", f.waived->by);
  append_member(out, R"(,"reason":)", f.waived->reason);
  append_member(out, R"(,"until":)", f.waived->until);
  out += "}}";
}

void append_members(std::string& out, const std::vector<Json::Member>& members) {
  for (const auto& [name, value] : members) {
    out += ',';
    append_json_text(out, name);
    out += ':';
    out += write_json(value, JsonStyle::kCanonical);
  }
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (!kEscaped[c]) continue;
    out += text.substr(from, at - from);
    append_escape(out, c);
    from = at + 1;
  }
  out += text.substr(from);
  out += '"';
}

JsonRenderer::JsonRenderer(ReportFiles& files) : files_(files) {
  for (const auto& column : report_columns())
    members_.push_back({std::string(",\"") + column.name + "\":", column.access});
  std::sort(members_.begin(), members_.end(), [](const Member& a, const Member& b) { return a.key < b.key; });
  members_.front().key.front() = '{';
}

Status JsonRenderer::begin(const ReportHead& head) {
  auto out = files_.create(kFile);
  if (!out) return out.error();
  auto licenses = files_.spool();
  if (!licenses) return licenses.error();
  out_.emplace(std::move(*out));
  licenses_.emplace(std::move(*licenses));
  std::vector<Json::Member> before_findings;
  for (auto& member : json_head(head)) {
    auto& place = member.first < "findings"   ? before_findings
                  : member.first < "licenses" ? before_licenses_
                                              : after_licenses_;
    place.push_back(std::move(member));
  }
  auto& buffer = out_->buffer();
  append_members(buffer, before_findings);
  buffer.front() = '{';
  buffer += R"(,"findings":)";
  return {};
}

Status JsonRenderer::append_finding(const Finding& finding) {
  auto& buffer = out_->buffer();
  buffer += any_finding_ ? ',' : '[';
  any_finding_ = true;
  append_text(buffer, finding);
  return out_->drain();
}

Status JsonRenderer::license(const ReportLicense& row, std::span<const Finding> findings) {
  auto& buffer = licenses_->buffer();
  buffer += any_license_ ? ',' : '[';
  any_license_ = true;
  for (const auto& member : members_) {
    buffer += member.key;
    std::visit(ValueOf{buffer, row}, member.access);
  }
  buffer += '}';
  for (const auto& finding : findings)
    if (auto done = append_finding(finding); !done) return done;
  return licenses_->drain();
}

Status JsonRenderer::finding(const Finding& finding) { return append_finding(finding); }

Status JsonRenderer::end(const ReportTotals& totals) {
  auto& buffer = out_->buffer();
  buffer += any_finding_ ? "]" : "[]";
  append_members(buffer, before_licenses_);
  buffer += R"(,"licenses":)";
  if (auto copied = licenses_->copy_into(*out_); !copied) return copied;
  buffer += any_license_ ? "]" : "[]";
  for (auto& member : json_tail(totals)) after_licenses_.push_back(std::move(member));
  std::sort(after_licenses_.begin(), after_licenses_.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  append_members(buffer, after_licenses_);
  buffer += "}\n";
  return files_.finish(kFile, *out_);
}

}  // namespace damsync
