#include "sync/report/license_row.h"

#include <doctest/doctest.h>

namespace damsync {
namespace {

/// What the row says of a license with these details whose asset is described so.
ReportLicense row_of(std::string_view details, std::string_view metadata) {
  AgreementBook agreements({}, {});
  LicenseRowReader reader(agreements);
  AuditLicense license;
  license.account = "newsroom";
  license.asset_id = "1001";
  license.details = details;
  license.metadata = metadata;
  ReportLicense row;
  reader.read(license, row);
  return row;
}

}  // namespace

TEST_CASE("license row: the license model is the one of the license, and the asset's where it names none") {
  constexpr const char* kAsset = R"({"license_model":"royaltyfree"})";
  CHECK(row_of(R"({"license_model":"rightsmanaged"})", kAsset).license_model == "rightsmanaged");
  CHECK(row_of(R"({"project":"P-7"})", kAsset).license_model == "royaltyfree");
  CHECK(row_of(R"({"license_model":"rightsmanaged"})", "").license_model == "rightsmanaged");
}

}  // namespace damsync
