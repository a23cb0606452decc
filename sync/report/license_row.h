#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/catalog/audit_reader.h"
#include "sync/report/report_model.h"

namespace damsync {

/// Dates and terms that no API gives (`[[agreement]]`), with the hash of the file that holds the terms.
struct ReportAgreement {
  std::string account, license_type, agreement, subscription_id;  ///< empty: matches any
  std::string licensee;
  std::optional<std::chrono::sys_days> start, end;  ///< first and last day
  std::string terms_url, terms_file, terms_sha256;

  [[nodiscard]] bool matches(const ReportLicense& row) const noexcept;
};

/// What of an asset's description decides how it may be used.
struct UsageFacts {
  std::string title, creator, credit_line, license_model, usage_terms, release_info;
  std::optional<bool> editorial, adult, ai_generated, model_release, property_release;
  std::vector<std::string> restrictions, releases;
  bool people = false;  ///< the provider names people that can be seen

  void clear();
};

/// Reads what the catalog says of licenses and assets into rows of the report; buffers are reused from row to row.
///
/// Errors   throws `DatabaseError` (kDamaged) when stored JSON cannot be read.
/// Threads  one.
class LicenseRowReader {
 public:
  explicit LicenseRowReader(const std::vector<ReportAgreement>& agreements);
  ~LicenseRowReader();
  LicenseRowReader(const LicenseRowReader&) = delete;
  LicenseRowReader& operator=(const LicenseRowReader&) = delete;

  /// Fills all of `row` but its findings.
  void read(const AuditLicense& license, ReportLicense& row);
  /// Of the row that was read last.
  [[nodiscard]] const UsageFacts& facts() const noexcept { return facts_; }
  [[nodiscard]] const ReportAgreement* agreement() const noexcept { return agreement_; }
  /// Of another description.
  void read_facts(std::string_view metadata, UsageFacts& facts);

 private:
  struct Parser;
  void read_details(std::string_view details, ReportLicense& row);

  const std::vector<ReportAgreement>& agreements_;
  std::unique_ptr<Parser> parser_;
  std::string account_, asset_id_;  ///< of the asset that `facts_` are about
  UsageFacts facts_;
  const ReportAgreement* agreement_ = nullptr;
};

}  // namespace damsync
