#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/catalog/audit_reader.h"
#include "sync/agreement/agreement.h"
#include "sync/report/report_model.h"

namespace damsync {

/// Finds the agreements that licenses stand under (`find_agreement`) and remembers which ones were found.
class AgreementBook {
 public:
  AgreementBook(std::span<const Agreement> agreements, LocalDay day_of);

  AgreementAnswer find(const ReportLicense& row);
  [[nodiscard]] std::vector<const Agreement*> used() const { return listed(true); }
  [[nodiscard]] std::vector<const Agreement*> unused() const { return listed(false); }

 private:
  [[nodiscard]] std::vector<const Agreement*> listed(bool used) const;

  std::span<const Agreement> agreements_;
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
  [[nodiscard]] const AgreementAnswer& agreement() const noexcept { return agreement_; }
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
  AgreementAnswer agreement_;
};

}  // namespace damsync
