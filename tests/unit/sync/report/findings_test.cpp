#include "sync/report/findings.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

using namespace damsync;

namespace {

using C = FindingCode;
using std::chrono::days;

const std::chrono::sys_days kToday = std::chrono::year(2026) / 11 / 20;

/// A license that gives no finding at all.
struct Case {
  Case() {
    rules.today = kToday;
    rules.as_of = rules.judged_at = UtcTime(kToday);
    rules.expiring_days = {30, 60, 90};
    rules.stale_after = std::chrono::minutes(45);
    agreement.end = kToday + days(365);
    facts.model_release = facts.property_release = true;
    facts.editorial = false;
    row.provider = "agency";
    row.account = "newsroom";
    row.asset_id = "1001";
    row.license_id = "e1";
    row.media_kind = "image";
    row.licensed_by = "anna";
    row.asset_state = "active";
    row.license_state = "held";
    row.file_state = "mirrored";
    row.path = "a.jpg";
    row.end = "2027-11-20";
    row.downloadable = true;
    row.first_seen.set(UtcTime(kToday - days(100)));
  }
  std::vector<Finding> find() {
    context.facts = &facts;
    context.agreement = {covered ? &agreement : nullptr, other_days};
    std::vector<Finding> out;
    find_in_row(rules, row, context, out);
    return out;
  }
  AuditRules rules;
  ReportLicense row;
  UsageFacts facts;
  Agreement agreement;
  bool covered = true, other_days = false;
  RowContext context;
};

/// The only finding of a case that was changed by `change`.
Finding only(const std::function<void(Case&)>& change) {
  Case c;
  change(c);
  const auto found = c.find();
  REQUIRE(found.size() == 1);
  CHECK(found[0].severity == rule_of(found[0].code).severity);
  CHECK(found[0].asset_id == "1001");
  CHECK(found[0].license_id == "e1");
  return found[0];
}

C code_of(const std::function<void(Case&)>& change) { return only(change).code; }

bool none(const std::function<void(Case&)>& change) {
  Case c;
  change(c);
  return c.find().empty();
}

}  // namespace

TEST_CASE("findings: a license in order has none") {
  CHECK(none([](Case&) {}));
}

TEST_CASE("findings: a held license whose asset was withdrawn names the day and what replaces it") {
  const auto found = only([](Case& c) {
    c.row.asset_state = "withdrawn";
    c.row.withdrawn_at.set(UtcTime(kToday - days(3)));
    c.context.replacements = {"2002", "3003"};
  });
  CHECK(found.code == C::kWithdrawnHeld);
  CHECK(found.message == "withdrawn by the provider, noticed on 2026-11-17T00:00:00Z; it suggests instead: 2002, 3003");
  CHECK(found.first_seen.text == "2026-11-17T00:00:00Z");
}

TEST_CASE("findings: the state of the file tells which finding it is") {
  const auto state = [](const char* word) { return [word](Case& c) { c.row.file_state = word; }; };
  CHECK(code_of(state("missing")) == C::kFileMissing);
  CHECK(code_of(state("corrupt")) == C::kFileHashMismatch);
  for (const char* word : {"pending", "failed", "blocked"}) CHECK(code_of(state(word)) == C::kLicenseNoFile);
}

TEST_CASE("findings: a damaged file is as old as its state, and not as the last look at it") {
  const auto found = only([](Case& c) {
    c.row.file_state = "missing";
    c.row.verified_at.set(UtcTime(kToday));
    c.row.mirrored_at.set(UtcTime(kToday - days(50)));
    c.context.file_state_since = UtcTime(kToday - days(9));
  });
  CHECK(found.first_seen.text == "2026-11-11T00:00:00Z");
}

TEST_CASE("findings: what we noticed is told to the second") {
  CHECK(only([](Case& c) {
          c.row.license_state = "vanished";
          c.row.vanished_at.set(UtcTime(kToday) + Millis(1718));
        }).message == "not listed by the provider any more, noticed on 2026-11-20T00:00:01Z");
}

TEST_CASE("findings: a license that was learned of later is not missed in the store of that time") {
  CHECK(none([](Case& c) {
    c.row.file_state = "pending";
    c.row.learned_at.set(UtcTime(kToday + days(1)));
  }));
}

TEST_CASE("findings: an agreement of other days is named as what it is") {
  CHECK(only([](Case& c) {
          c.covered = false;
          c.other_days = true;
        }).message == "the [[agreement]]s in the settings that match it do not cover the day it was taken");
}

TEST_CASE("findings: an asset of an account without licenses is found when it is withdrawn or restricted") {
  FollowedAsset asset{"agency", "archive", "1001", {}, "", {}};
  std::vector<Finding> found;
  find_in_asset(asset, found);
  CHECK(found.empty());
  asset.withdrawn_at = UtcTime(kToday);
  asset.change = "editorial use only: no, now yes";
  find_in_asset(asset, found);
  REQUIRE(found.size() == 2);
  CHECK(found[0].code == C::kWithdrawnHeld);
  CHECK(found[1].code == C::kRestrictionChanged);
  CHECK(found[1].asset_id == "1001");
}

TEST_CASE("findings: a vanished license is one, and neither its file nor its end is asked for") {
  CHECK(code_of([](Case& c) {
          c.row.license_state = "vanished";
          c.row.file_state = "blocked";
          c.covered = false;
        }) == C::kLicenseVanished);
}

TEST_CASE("findings: F14 an end in the past, near, far and unknown") {
  const auto end = [](int offset) { return [offset](Case& c) { c.agreement.end = kToday + days(offset); }; };
  CHECK(code_of(end(-1)) == C::kExpired);
  CHECK(code_of(end(0)) == C::kExpiring);
  CHECK(code_of(end(90)) == C::kExpiring);
  CHECK(none(end(91)));
  CHECK(only(end(59)).message.ends_with("within 60 days"));
  CHECK(only(end(-1)).first_seen.text == "2026-11-20T00:00:00Z");
  CHECK(only(end(10)).first_seen.text == "2026-09-01T00:00:00Z");
  const auto in_tokyo = only([](Case& c) {
    c.agreement.end = kToday - days(1);
    c.rules.start_of = [](std::chrono::sys_days day) { return UtcTime(day) - std::chrono::hours(9); };
  });
  CHECK(in_tokyo.first_seen.text == "2026-11-19T15:00:00Z");
  CHECK(code_of([](Case& c) { c.agreement.end.reset(); }) == C::kEndDateUnknown);
  CHECK(code_of([](Case& c) { c.covered = false; }) == C::kEndDateUnknown);
}

TEST_CASE("findings: no finding about an end is older than its license") {
  const auto found = only([](Case& c) {
    c.agreement.end = kToday + days(1);
    c.row.first_seen.set(UtcTime(kToday - days(2)));
  });
  CHECK(found.first_seen.text == "2026-11-18T00:00:00Z");
}

TEST_CASE("findings: flags of the asset and the license") {
  CHECK(code_of([](Case& c) { c.row.editorial = true; }) == C::kEditorialOnly);
  CHECK(code_of([](Case& c) { c.row.media_kind = "editorial"; }) == C::kEditorialOnly);
  CHECK(code_of([](Case& c) { c.row.ai_generated = true; }) == C::kAiGenerated);
  CHECK(code_of([](Case& c) { c.row.adult = true; }) == C::kAdult);
  CHECK(code_of([](Case& c) { c.row.downloadable = false; }) == C::kNotDownloadable);
  CHECK(none([](Case& c) { c.row.downloadable.reset(); }));
  CHECK(code_of([](Case& c) { c.context.same_as = "e0"; }) == C::kLicenseDuplicate);
}

TEST_CASE("findings: a provider's boolean about releases is not taken for more than it says") {
  CHECK(code_of([](Case& c) {
          c.facts.model_release = false;
          c.facts.people = true;
        }) == C::kReleaseMissing);
  CHECK(code_of([](Case& c) { c.facts.model_release = false; }) == C::kReleaseUnclear);
  CHECK(code_of([](Case& c) {
          c.facts.model_release.reset();
          c.facts.property_release.reset();
        }) == C::kReleaseUnclear);
  CHECK(code_of([](Case& c) {  // what is for editorial use needs no release
          c.facts.model_release = false;
          c.row.editorial = true;
        }) == C::kEditorialOnly);
  const auto words = [](const char* text) { return [text](Case& c) { c.facts.release_info = text; }; };
  CHECK(code_of(words("Not released.")) == C::kReleaseMissing);
  CHECK(code_of(words("Partially released")) == C::kReleaseUnclear);
  CHECK(none(words("Model and property released")));
}

TEST_CASE("findings: projects and users are checked where the settings ask for it") {
  CHECK(code_of([](Case& c) { c.rules.project_required = {"newsroom"}; }) == C::kProjectMissing);
  CHECK(none([](Case& c) {
    c.rules.project_required = {"newsroom"};
    c.row.purchase_order = "PO-1";
  }));
  CHECK(none([](Case& c) { c.rules.project_required = {"photo-desk"}; }));
  CHECK(code_of([](Case& c) { c.rules.users = {"ben"}; }) == C::kUnknownUser);
  CHECK(none([](Case& c) { c.rules.users = {"anna", "ben"}; }));
  CHECK(code_of([](Case& c) {
          c.rules.users = {"anna"};
          c.row.licensed_by.clear();
        }) == C::kUnknownUser);
}

TEST_CASE("findings: a call with an unknown outcome and a changed restriction say since when") {
  CHECK(only([](Case& c) {
          c.context.spend_open_since = UtcTime(kToday - days(1));
          c.context.spend_id = 7;
        }).message == "spending call 7 of 2026-11-19T00:00:00Z has no known outcome");
  const auto changed = only([](Case& c) {
    c.context.change = "editorial use only: no, now yes";
    c.context.changed_at = UtcTime(kToday - days(2));
  });
  CHECK(changed.code == C::kRestrictionChanged);
  CHECK(changed.first_seen.text == "2026-11-18T00:00:00Z");
}

TEST_CASE("findings: the findings of a row stand in the order of the rules") {
  Case c;
  c.row.asset_state = "withdrawn";
  c.row.withdrawn_at.set(UtcTime(kToday));
  c.row.file_state = "corrupt";
  c.row.adult = c.row.ai_generated = c.row.editorial = true;
  c.row.downloadable = false;
  c.covered = false;
  c.rules.users = {"ben"};
  c.rules.project_required = {"newsroom"};
  c.context.same_as = "e0";
  const auto found = c.find();
  const auto position = [](C code) { return &rule_of(code); };
  for (std::size_t i = 1; i < found.size(); ++i) CHECK(position(found[i - 1].code) < position(found[i].code));
  CHECK(found.size() == 10);
}

TEST_CASE("findings: usage is compared field by field, and a title does not matter") {
  UsageFacts before, now;
  now.title = "another";
  CHECK(usage_difference(before, now).empty());
  now.editorial = true;
  now.restrictions = {"no covers"};
  CHECK(usage_difference(before, now) ==
        "editorial use only: not said, now yes; restrictions: none, now \"no covers\"");
}

TEST_CASE("findings: I11 a gap and a silent provider are found") {
  Case c;
  ReportCoverage stream;
  stream.account = "newsroom";
  stream.stream = "licenses";
  stream.last_ok_at = c.rules.judged_at - std::chrono::minutes(45);
  CHECK(find_in_coverage(c.rules, {stream}).empty());

  stream.gaps = {{UtcTime(kToday - days(2)), UtcTime(kToday - days(1))}};
  stream.last_ok_at = *stream.last_ok_at - Millis(1);
  auto found = find_in_coverage(c.rules, {stream});
  REQUIRE(found.size() == 2);
  CHECK(found[0].code == C::kCoverageGap);
  CHECK(found[0].message == "licenses: not observed from 2026-11-18T00:00:00Z to 2026-11-19T00:00:00Z");
  CHECK(found[1].code == C::kStaleProvider);

  stream.last_ok_at.reset();
  CHECK(find_in_coverage(c.rules, {stream}).back().message == "licenses: never read to its end");
  auto other = stream;
  other.stream = "changes";
  found = find_in_coverage(c.rules, {stream, other});
  CHECK(found.back().message == "licenses, changes: never read to its end");
  CHECK(found.size() == 3);
}

TEST_CASE("findings: Q a quota below its share is found, with since when") {
  Case c;
  ReportPlan plan{"newsroom", "agency", {}, false, UtcTime(kToday - days(2))};
  plan.plan.plan_id = "p";
  plan.plan.limit = 100;
  plan.plan.left = 10;
  CHECK(find_in_plans(c.rules, {plan}).empty());
  plan.plan.left = 9;
  const auto found = find_in_plans(c.rules, {plan});
  REQUIRE(found.size() == 1);
  CHECK(found[0].code == C::kQuotaLow);
  CHECK(found[0].first_seen.text == "2026-11-18T00:00:00Z");
  plan.plan.expires_at = UtcTime(kToday - days(1));  // the quota of a plan that has ended is nobody's concern
  CHECK(find_in_plans(c.rules, {plan}).at(0).code == C::kPlanEnding);
}

TEST_CASE("findings: Q a quota is not low any more when its period has ended") {
  Case c;
  ReportPlan plan{"newsroom", "agency", {}, false, {}};
  plan.plan.plan_id = "p";
  plan.plan.limit = 100;
  plan.plan.left = 0;
  plan.plan.period_ends_at = c.rules.judged_at + Millis(1);
  CHECK(find_in_plans(c.rules, {plan}).size() == 1);
  plan.plan.period_ends_at = c.rules.judged_at;
  CHECK(find_in_plans(c.rules, {plan}).empty());
}

TEST_CASE("findings: a plan is found within the nearest warning, and one that renews only when it did not") {
  Case c;
  const auto found = [&](int days_to_end, bool renews) {
    ReportPlan plan{"newsroom", "agency", {}, renews, {}};
    plan.plan.plan_id = "p";
    plan.plan.expires_at = UtcTime(kToday + days(days_to_end));
    return find_in_plans(c.rules, {plan});
  };
  CHECK(found(31, false).empty());
  CHECK(found(30, false).at(0).code == C::kPlanEnding);
  CHECK(found(1, true).empty());
  CHECK(found(-1, true).at(0).message == "plan p ended at 2026-11-19T00:00:00Z");
  CHECK(found(-31, false).empty());
}

TEST_CASE("findings: a waiver covers what it names until its last day, and says who signed") {
  Case c;
  Waiver waiver{C::kAdult, "agency", "", "1001", "", "", "legal@example.org", kToday, "calendar 2026"};
  Finding finding = only([](Case& other) { other.row.adult = true; });
  const auto waived = [&] {
    c.rules.waivers = {waiver};
    Finding copy = finding;
    WaiverBook(c.rules).apply(copy);
    return copy.waived;
  };
  CHECK(waived() == FindingWaiver{"legal@example.org", "2026-11-20", "calendar 2026"});
  waiver.until.reset();
  CHECK(waived());
  waiver.until = kToday - days(1);
  CHECK_FALSE(waived());
  waiver.until = kToday;
  waiver.license_id = "e2";
  CHECK_FALSE(waived());
  waiver.license_id.clear();
  waiver.code = C::kEditorialOnly;
  CHECK_FALSE(waived());
}

TEST_CASE("findings: of several waivers the first in the list covers, whatever each of them names") {
  Case c;
  const auto waiver = [](const std::string& asset_id, const std::string& license_id, const std::string& path,
                         const std::string& by) {
    return Waiver{C::kAdult, "", "", asset_id, license_id, path, by, {}, ""};
  };
  const Finding finding = only([](Case& other) { other.row.adult = true; });
  const auto waived_by = [&] {
    Finding copy = finding;
    WaiverBook(c.rules).apply(copy, "a.jpg");
    return copy.waived ? copy.waived->by : "";
  };
  c.rules.waivers = {waiver("2002", "", "", "other asset"), waiver("1001", "e2", "", "other license"),
                     waiver("1001", "", "b.jpg", "other path")};
  CHECK(waived_by().empty());
  c.rules.waivers.push_back(waiver("1001", "", "", "asset"));
  c.rules.waivers.push_back(waiver("1001", "e1", "", "license"));
  CHECK(waived_by() == "asset");
  c.rules.waivers.insert(c.rules.waivers.begin(), waiver("", "", "a.jpg", "path"));
  CHECK(waived_by() == "path");
  c.rules.waivers.insert(c.rules.waivers.begin(), waiver("", "", "", "any"));
  CHECK(waived_by() == "any");
}

TEST_CASE("findings: of many waivers of single assets each meets its own") {
  Case c;
  constexpr int kWaivers = 500;
  for (int i = 0; i < kWaivers; ++i)
    c.rules.waivers.push_back({C::kAdult, "", "", std::to_string(i), "", "", "legal", {}, ""});
  WaiverBook book(c.rules);
  Finding finding = only([](Case& other) { other.row.adult = true; });
  for (int i = kWaivers; i-- > 0;) {
    finding.asset_id = std::to_string(i);
    book.apply(finding);
  }
  CHECK(std::all_of(book.waivers().begin(), book.waivers().end(), [](const auto& w) { return w.findings == 1; }));
}
