#pragma once

#include <vector>

#include "storage/base/json.h"
#include "sync/report/report_model.h"

namespace damsync {

/// The members of `report.json` that are not rows, by name.
std::vector<Json::Member> json_head(const ReportHead& head);
Json json_totals(const ReportTotals& totals);

}  // namespace damsync
