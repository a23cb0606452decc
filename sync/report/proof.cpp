#include "sync/report/proof.h"

#include "storage/base/digest.h"

namespace damsync {
namespace {

/// The value of a column as JSON: what is not known is null.
struct CellJson {
  const ReportLicense& row;

  Json operator()(std::string ReportLicense::*text) const { return text_json(row.*text); }
  Json operator()(std::optional<std::int64_t> ReportLicense::*number) const { return row.*number; }
  Json operator()(std::optional<bool> ReportLicense::*flag) const { return row.*flag; }
  Json operator()(ReportTime ReportLicense::*time) const { return text_json((row.*time).text); }
  Json operator()(std::vector<std::string> ReportLicense::*texts) const {
    Json out = Json::array();
    for (const auto& text : row.*texts) out.push(text);
    return out;
  }
  static Json text_json(const std::string& text) { return text.empty() ? Json() : Json(text); }
};

Json license_json(const ProofHolding& holding, const ReportLicense& row) {
  Json out = Json::object();
  for (const auto& column : report_columns()) out.set(column.name, std::visit(CellJson{row}, column.access));
  const auto raw = holding.raw.find(row.license_id);
  if (raw == holding.raw.end()) return out;
  out.set("raw", raw->second);
  out.set("raw_matches_sha256", sha256_hex(raw->second) == row.raw_sha256);
  return out;
}

Json finding_json(const Finding& f) {
  Json waived;
  if (f.waived)
    waived = Json::object(
        {{"by", f.waived->by}, {"until", CellJson::text_json(f.waived->until)}, {"reason", f.waived->reason}});
  return Json::object({{"code", to_word(f.code)},
                       {"severity", to_word(f.severity)},
                       {"license_id", CellJson::text_json(f.license_id)},
                       {"message", f.message},
                       {"first_seen", CellJson::text_json(f.first_seen.text)},
                       {"waived", std::move(waived)}});
}

Json holding_json(const ProofHolding& holding) {
  Json licenses = Json::array(), findings = Json::array(), changes = Json::array(), chain = Json::array();
  Json reasons = Json::array();
  for (const auto& row : holding.licenses) licenses.push(license_json(holding, row));
  for (const auto& finding : holding.findings) findings.push(finding_json(finding));
  for (const auto& c : holding.changes)
    changes.push(Json::object({{"seq", c.seq},
                               {"id", c.id},
                               {"time", format_rfc3339(c.time)},
                               {"type", to_word(c.type)},
                               {"license_id", CellJson::text_json(c.license_id)},
                               {"revision", c.revision}}));
  for (const auto& link : holding.chain)
    chain.push(Json::object({{"what", link.what}, {"seq", link.seq}, {"hash", link.hash}}));
  for (const auto& reason : holding.head.incomplete_reasons) reasons.push(reason);
  return Json::object({{"account", holding.licenses.empty() ? Json() : Json(holding.licenses.front().account)},
                       {"complete", holding.head.complete},
                       {"incomplete_reasons", std::move(reasons)},
                       {"licenses", std::move(licenses)},
                       {"findings", std::move(findings)},
                       {"changes", std::move(changes)},
                       {"chain", std::move(chain)}});
}

}  // namespace

Status ProofCollector::begin(const ReportHead& head) {
  holding_.head = head;
  return {};
}

Status ProofCollector::license(const ReportLicense& row, std::span<const Finding> findings) {
  holding_.licenses.push_back(row);
  holding_.findings.insert(holding_.findings.end(), findings.begin(), findings.end());
  return {};
}

Status ProofCollector::finding(const Finding&) { return {}; }
Status ProofCollector::end(const ReportTotals&) { return {}; }

Json proof_json(const std::string& provider, const std::string& asset_id, const std::vector<ProofHolding>& holdings) {
  Json all = Json::array();
  for (const auto& holding : holdings) all.push(holding_json(holding));
  return Json::object({{"schema", "damsync-proof/1"},
                       {"provider", provider},
                       {"asset_id", asset_id},
                       {"as_of", holdings.empty() ? Json() : Json(format_rfc3339(holdings.front().head.as_of))},
                       {"holdings", std::move(all)}});
}

std::string proof_name(std::string_view provider, std::string_view asset_id) {
  std::string out = "proof-" + std::string(provider) + "-" + std::string(asset_id);
  for (char& c : out) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return out;
}

}  // namespace damsync
