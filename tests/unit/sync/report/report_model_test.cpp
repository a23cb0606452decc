#include "sync/report/report_model.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace damsync;

TEST_CASE("report model: every finding code has one rule, one word and a sentence") {
  std::set<FindingCode> codes;
  std::set<std::string> words;
  for (const FindingRule& rule : finding_rules()) {
    codes.insert(rule.code);
    words.insert(to_word(rule.code));
    CHECK(finding_code_from_word(to_word(rule.code)) == rule.code);
    CHECK(&rule_of(rule.code) == &rule);
    CHECK(std::string(rule.meaning).ends_with("."));
    CHECK(std::string(rule.remedy).ends_with("."));
  }
  CHECK(codes.size() == kFindingCodes);
  CHECK(words.size() == kFindingCodes);
  CHECK_FALSE(finding_code_from_word("SOMETHING_ELSE"));
}

TEST_CASE("report model: rules are sorted by severity") {
  FindingSeverity last = FindingSeverity::kHigh;
  for (const FindingRule& rule : finding_rules()) {
    CHECK(rule.severity >= last);
    last = rule.severity;
  }
}

TEST_CASE("report model: column names are unique and begin with the key of a license") {
  std::set<std::string> names;
  for (const ReportColumn& column : report_columns()) CHECK(names.insert(column.name).second);
  CHECK(std::string(report_columns()[0].name) == "provider");
  CHECK(std::string(report_columns()[2].name) == "asset_id");
  CHECK(names.contains("findings"));
}
