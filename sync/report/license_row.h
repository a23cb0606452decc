#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
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
  std::optional<std::chrono::sys_days> start, end;  ///< first and last day, of what is licensed and of its use
  std::string terms_url, terms_file, terms_sha256;

  [[nodiscard]] bool matches(const ReportLicense& row) const noexcept;  ///< whatever the day
  [[nodiscard]] bool covers(std::chrono::sys_days day) const noexcept;
};

/// The day a calendar on the wall shows.
using LocalDay = std::function<std::chrono::sys_days(UtcTime)>;

/// Finds the agreement a license stands under: of those that match it and cover the day it was taken on, the one that
/// began last; of those that began on the same day the first. Remembers which ones were found.
class AgreementBook {
 public:
  /// `day_of` empty: days of UTC.
  AgreementBook(const std::vector<ReportAgreement>& agreements, LocalDay day_of);

  struct Answer {
    const ReportAgreement* agreement = nullptr;  ///< null: none
    bool other_days = false;                     ///< none, but some match it and cover other days
  };
  Answer find(const ReportLicense& row);
  [[nodiscard]] std::vector<const ReportAgreement*> used() const { return listed(true); }
  [[nodiscard]] std::vector<const ReportAgreement*> unused() const { return listed(false); }

 private:
  [[nodiscard]] std::vector<const ReportAgreement*> listed(bool used) const;

  const std::vector<ReportAgreement>& agreements_;
  LocalDay day_of_;
  std::vector<bool> used_;
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
  explicit LicenseRowReader(AgreementBook& agreements);
  ~LicenseRowReader();
  LicenseRowReader(const LicenseRowReader&) = delete;
  LicenseRowReader& operator=(const LicenseRowReader&) = delete;

  /// Fills all of `row` but its findings.
  void read(const AuditLicense& license, ReportLicense& row);
  /// Of the row that was read last.
  [[nodiscard]] const UsageFacts& facts() const noexcept { return facts_; }
  [[nodiscard]] const AgreementBook::Answer& agreement() const noexcept { return agreement_; }
  /// Of another description.
  void read_facts(std::string_view metadata, UsageFacts& facts);
  static void put_facts(const UsageFacts& facts, ReportLicense& row);

 private:
  struct Parser;
  void read_details(std::string_view details, ReportLicense& row);
  void put_agreement(ReportLicense& row);

  AgreementBook& agreements_;
  std::unique_ptr<Parser> parser_;
  std::string account_, asset_id_;  ///< of the asset that `facts_` are about
  UsageFacts facts_;
  AgreementBook::Answer agreement_;
};

}  // namespace damsync
