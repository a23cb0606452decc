#include "storage/base/units.h"

#include <doctest/doctest.h>

namespace damsync {
using namespace std::chrono_literals;

TEST_CASE("units: a duration is a number with its unit, or a sum of such") {
  CHECK(*parse_duration("250ms") == 250ms);
  CHECK(*parse_duration("30s") == 30s);
  CHECK(*parse_duration("1h30m") == 90min);
  CHECK(*parse_duration("2d") == 48h);
  CHECK(*parse_duration("0s") == 0s);
}

TEST_CASE("C1 units: durations, sizes and shares out of range or without a unit are refused") {
  for (const char* bad : {"", "5", "s", "-5s", "+5s", "1.5h", "5 s", "5S", "5s ", "36601d", "99999999999999999999s",
                          "9223372036854775807d", "36600d1ms"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad).ok());
  }
  for (const char* bad :
       {"", "5", "GiB", "-1B", "5 GiB", "5gib", "1.5GiB", "1GiB1B", "4194305TiB", "99999999999999999999B"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad).ok());
  }
  for (const char* bad : {"", "5", "%", "-1%", "+1%", "101%", "100.1%", "nan%", "inf%", "1e1%", "5%%", " 5%", "0x5%"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_share(bad).ok());
  }
}

TEST_CASE("units: sizes are binary or decimal by their unit, shares become fractions") {
  CHECK(*parse_size("100B") == 100);
  CHECK(*parse_size("64KiB") == 65536);
  CHECK(*parse_size("5GiB") == 5368709120);
  CHECK(*parse_size("10MB") == 10'000'000);
  CHECK(*parse_share("5%") == doctest::Approx(0.05));
  CHECK(*parse_share("0.5%") == doctest::Approx(0.005));
  CHECK(*parse_share("100%") == 1.0);
}

TEST_CASE("units: people read the two largest units") {
  CHECK(format_size(0) == "0 B");
  CHECK(format_size(1023) == "1023 B");
  CHECK(format_size(1536 * 1024) == "1.5 MiB");
  CHECK(format_size(5368709120) == "5 GiB");
  CHECK(format_size((1 << 20) - 1) == "1 MiB");
  CHECK(format_size(-2048) == "-2 KiB");
  CHECK(format_duration(51h + 59s) == "2d 3h");
  CHECK(format_duration(15min) == "15m");
  CHECK(format_duration(42s + 1ms) == "42s");
  CHECK(format_duration(350ms) == "350ms");
  CHECK(format_duration(0ms) == "0ms");
}

}  // namespace damsync
