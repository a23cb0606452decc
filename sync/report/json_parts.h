#pragma once

#include <vector>

#include "storage/base/json.h"
#include "sync/report/report_model.h"

namespace damsync {

/// The members of `report.json` that are not rows, by name: those that are known before the rows, and those after.
std::vector<Json::Member> json_head(const ReportHead& head);
std::vector<Json::Member> json_tail(const ReportTotals& totals);

}  // namespace damsync
