#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "storage/base/result.h"

namespace damsync {

/// One difference between two reports.
struct ReportDifference {
  enum class Kind {
    kLicenseAdded,
    kLicenseRemoved,
    kLicenseChanged,
    kFindingNew,
    kFindingGone,
    kFindingWaived,   ///< it is there as before, and a waiver covers it now
    kFindingReopened  ///< no waiver covers it any more
  };
  Kind kind = Kind::kLicenseAdded;
  std::string provider, account, asset_id, license_id;
  struct Field {
    std::string name, before, after;
  };
  std::vector<Field> fields;  ///< of a changed license
  std::string code, message;  ///< of a finding
};
const char* to_word(ReportDifference::Kind kind) noexcept;

/// Compares two report folders by their CSV files: licenses in the order of their keys, then findings in the order of
/// the files. When a file was verified last is no difference, and neither is what a finding says in words: of a
/// license, an asset, a plan, a feed or a file the same finding is the same one, whatever is counted in it.
///
/// Errors   kStorage, kInvalid: a file of the reports cannot be read.
Status compare_reports(const std::filesystem::path& before, const std::filesystem::path& after,
                       const std::function<void(const ReportDifference&)>& tell);

}  // namespace damsync
