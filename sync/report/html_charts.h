#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sync/report/report_model.h"

namespace damsync {

/// Inline SVG, drawn without a network and styled by the page: 360 units wide, so that its words are readable on a
/// phone. Empty when there is nothing to show.

/// Columns of the last 24 months, months without a license included.
std::string month_chart(const std::map<std::string, std::int64_t>& licenses_by_month);
/// One bar a word, the longest first; the eight largest, the rest together.
std::string word_chart(const std::map<std::string, std::int64_t>& counts, const std::string& label);
/// How much of each plan's quota is used.
std::string quota_chart(const std::vector<ReportPlan>& plans);

}  // namespace damsync
