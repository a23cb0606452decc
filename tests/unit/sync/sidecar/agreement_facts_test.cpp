#include "sync/sidecar/agreement_facts.h"

#include <doctest/doctest.h>

#include "tests/unit/sync/sidecar/sidecar_samples.h"

namespace damsync {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

LicenseRow enhanced() {
  auto license = sidecar_samples::license("e1", "enhanced", "2024-05-01T12:00:00Z");
  license.details = Json::object({{"agreement", "Premium Access"}, {"subscription_id", "s1"}});
  return license;
}

Agreement named(const std::string& licensee) {
  Agreement agreement;
  agreement.licensee = licensee;
  return agreement;
}

/// The licensee of the agreement that a license is under; empty: under none.
std::string licensee_of(const std::vector<Agreement>& agreements, const LicenseRow& license,
                        const LocalDay& day_of = {}) {
  const auto facts = agreement_facts(agreements, {license}, day_of);
  return facts.empty() ? "" : facts.at(license.license_id).licensee.value_or("");
}

constexpr sys_days kToday = sys_days(year(2026) / 6 / 15);

}  // namespace

TEST_CASE("agreement: every member that is given must match, members that are not given match all") {
  struct Case {
    std::string account, license_type, agreement, subscription_id;
    bool matches;
  };
  for (const auto& [account, type, name, subscription, expected] :
       {Case{"", "", "", "", true}, Case{"newsroom", "", "", "", true}, Case{"other", "", "", "", false},
        Case{"", "enhanced", "", "", true}, Case{"", "standard", "", "", false},
        Case{"", "", "Premium Access", "", true}, Case{"", "", "Premium", "", false}, Case{"", "", "", "s1", true},
        Case{"", "", "", "s2", false}, Case{"newsroom", "enhanced", "Premium Access", "s1", true},
        Case{"newsroom", "enhanced", "Premium Access", "s2", false},
        Case{"newsroom", "standard", "Premium Access", "s1", false}}) {
    CAPTURE(account + "/" + type + "/" + name + "/" + subscription);
    std::vector<Agreement> agreements = {named("x")};
    agreements[0].account = account;
    agreements[0].license_type = type;
    agreements[0].agreement = name;
    agreements[0].subscription_id = subscription;
    CHECK((licensee_of(agreements, enhanced()) == "x") == expected);
  }
}

TEST_CASE("agreement: of those that match and began together the first counts") {
  std::vector<Agreement> agreements = {named("nobody's"), named("first"), named("second")};
  agreements[0].license_type = "standard";
  CHECK(licensee_of(agreements, enhanced()) == "first");
  CHECK(licensee_of({}, enhanced()).empty());
}

TEST_CASE("agreement: of those that cover the day of the license the one that began last counts, as in the report") {
  const auto of_years = [](int from, int to) {
    auto out = named(std::to_string(from));
    out.start = sys_days(year(from) / 1 / 1);
    out.end = sys_days(year(to) / 12 / 31);
    return out;
  };
  CHECK(licensee_of({of_years(2019, 2030), of_years(2024, 2025), of_years(2025, 2030)}, enhanced()) == "2024");
  CHECK(licensee_of({of_years(2025, 2030)}, enhanced()).empty());

  auto license = enhanced();
  license.licensed_at = *parse_rfc3339("2024-12-31T23:30:00Z");
  const std::vector<Agreement> two = {of_years(2024, 2024), of_years(2025, 2025)};
  CHECK(licensee_of(two, license) == "2024");
  const auto in_berlin = [](UtcTime time) {
    return std::chrono::floor<std::chrono::days>(time + std::chrono::hours(1));
  };
  CHECK(licensee_of(two, license, in_berlin) == "2025");
}

TEST_CASE("agreement: a license without details, or with a number for a text, is under no agreement that names them") {
  std::vector<Agreement> agreements = {named("x")};
  agreements[0].subscription_id = "1";
  auto license = enhanced();
  license.details = Json();
  CHECK(licensee_of(agreements, license).empty());
  license.details = Json::object({{"subscription_id", 1}});
  CHECK(licensee_of(agreements, license).empty());
}

TEST_CASE("agreement: facts are claimed for the licenses under an agreement, and only those that it gives") {
  std::vector<Agreement> agreements = {named("Example Media Ltd")};
  agreements[0].license_type = "enhanced";
  agreements[0].end = sys_days(year(2026) / 12 / 31);
  auto standard = enhanced();
  standard.license_id = "e2";
  standard.license_type = "standard";

  const auto facts = agreement_facts(agreements, {enhanced(), standard}, {});

  REQUIRE(facts.size() == 1);
  CHECK(facts.at("e1").licensee == "Example Media Ltd");
  CHECK(facts.at("e1").end == sys_days(year(2026) / 12 / 31));
  CHECK_FALSE(facts.at("e1").start);
  CHECK_FALSE(facts.at("e1").terms_url);
}

TEST_CASE("agreement: the fingerprint tells what a sidecar of the account could show") {
  std::vector<Agreement> agreements = {named("x"), named("y")};
  agreements[1].account = "other";
  const auto before = agreements_fingerprint(agreements, "newsroom", kToday);
  const auto differs = [&](const std::vector<Agreement>& now) {
    return agreements_fingerprint(now, "newsroom", kToday) != before;
  };

  auto changed = agreements;
  changed[0].licensee = "z";
  CHECK(differs(changed));
  changed = agreements;
  changed[0].end = kToday;
  CHECK(differs(changed));
  CHECK(agreements_fingerprint(changed, "newsroom", kToday) !=
        agreements_fingerprint(changed, "newsroom", kToday + std::chrono::days(1)));  // it ended
  CHECK(agreements_fingerprint(changed, "newsroom", kToday) ==
        agreements_fingerprint(changed, "newsroom", kToday - std::chrono::days(1)));
  changed = agreements;
  changed[0].license_type = "enhanced";
  CHECK(differs(changed));
  CHECK(differs({}));

  changed = agreements;
  changed[1].licensee = "z";  // of another account
  CHECK_FALSE(differs(changed));
  changed = agreements;
  changed[0].terms_file = "/etc/terms.pdf";  // evidence, in no sidecar
  CHECK_FALSE(differs(changed));
}

}  // namespace damsync
