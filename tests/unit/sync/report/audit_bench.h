#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "storage/catalog/plan_book.h"
#include "sync/report/audit_report.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {

/// Keeps what a report says, as text.
struct RecordingRenderer final : ReportRenderer {
  Status begin(const ReportHead& h) override {
    head = h;
    return {};
  }
  Status license(const ReportLicense& row, std::span<const Finding> findings) override {
    if (fail_at && lines.size() == *fail_at) return make_error(ErrorCode::kStorage, "disk full");
    lines.push_back(row.asset_id + " " + row.license_id + ":");
    for (const auto& code : row.findings) lines.back() += " " + code;
    rows.push_back(row);
    all.insert(all.end(), findings.begin(), findings.end());
    return {};
  }
  Status finding(const Finding& f) override {
    loose.push_back(f);
    return {};
  }
  Status end(const ReportTotals& t) override {
    totals = t;
    return {};
  }
  ReportHead head;
  ReportTotals totals;
  std::vector<std::string> lines;
  std::vector<ReportLicense> rows;
  std::vector<Finding> all, loose;
  std::optional<std::size_t> fail_at;
};

/// A catalog, and reports of it as they are handed to a renderer.
struct ReportBench : CatalogBench {
  ReportBench() {
    input.report_date = "2026-03-15";
    input.accounts = {"newsroom"};
    input.rules.expiring_days = {30};
    input.rules.stale_after = std::chrono::minutes(45);
    polled();
    commit([&] { PlanBook(*db).replace("newsroom", {}, now()); });
  }
  void polled() {
    commit([&] { writer.put_stream({"newsroom", "licenses", "c", now(), now(), ""}); });
  }
  void describe(const std::string& asset_id, const std::string& metadata) {
    AssetRow described;
    described.metadata = metadata;
    commit([&] { writer.put_description("newsroom", asset_id, described, now()); });
  }
  RecordingRenderer report(std::optional<UtcTime> past = {}) {
    RecordingRenderer out;
    CHECK(write(out, past));
    return out;
  }
  Status write(RecordingRenderer& out, std::optional<UtcTime> past = {}, std::stop_token stop = {}) {
    input.past = past.has_value();
    input.rules.as_of = input.rules.judged_at = past.value_or(now());
    input.rules.today = std::chrono::floor<std::chrono::days>(input.rules.judged_at);
    const AuditReader reader(*db, past);
    return AuditReport(reader, input).write(out, {}, stop);
  }
  AuditInput input;
};

/// A description that leads to no finding.
inline constexpr const char* kPlain = R"({"editorial":false,"has_model_release":true,"has_property_release":true})";

}  // namespace damsync
