#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/report/findings.h"

namespace damsync {

/// Waivers whose last day ended between an earlier report and this one: what they covered is open again, and news.
/// Those that are taken off the list instead leave no trace.
class EndedWaivers {
 public:
  EndedWaivers() = default;
  /// `since`: by when the earlier report judged. `rules` has to live on.
  EndedWaivers(const AuditRules& rules, UtcTime since);

  /// `path`: of the file that the finding is about, if any.
  [[nodiscard]] bool covered(const Finding& finding, const std::string& path) const;

 private:
  std::vector<const Waiver*> ended_;
};

}  // namespace damsync
