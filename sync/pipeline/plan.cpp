#include "sync/pipeline/plan.h"

#include <algorithm>

namespace damsync {

std::vector<FetchTask> plan_fetches(const std::vector<WorkItem>& due, const std::vector<LicenseRow>& licenses,
                                    const AssetMetadata& metadata) {
  std::vector<FetchTask> tasks;
  for (const auto& item : due) {
    const auto license = std::find_if(licenses.begin(), licenses.end(),
                                      [&](const LicenseRow& row) { return row.license_id == item.license_id; });
    if (license == licenses.end()) continue;
    const auto same = std::find_if(tasks.begin(), tasks.end(), [&](const FetchTask& task) {
      return task.licenses.front().size == license->size && task.licenses.front().format == license->format;
    });
    if (same != tasks.end()) {
      same->licenses.push_back(*license);
      continue;
    }
    tasks.push_back({item.asset_id,
                     {*license},
                     metadata.renditions,
                     metadata.editorial.value_or(false),
                     item.attempts,
                     std::nullopt});
  }
  return tasks;
}

}  // namespace damsync
