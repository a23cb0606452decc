#include "storage/base/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace damsync {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array kTimeUnits = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000},
                                   Unit{"ms", 1}};
constexpr std::array kSizeUnits = {Unit{"B", 1},
                                   Unit{"KiB", std::int64_t{1} << 10},
                                   Unit{"MiB", std::int64_t{1} << 20},
                                   Unit{"GiB", std::int64_t{1} << 30},
                                   Unit{"TiB", std::int64_t{1} << 40},
                                   Unit{"kB", 1'000},
                                   Unit{"KB", 1'000},
                                   Unit{"MB", 1'000'000},
                                   Unit{"GB", 1'000'000'000},
                                   Unit{"TB", 1'000'000'000'000}};
constexpr std::int64_t kLongest = std::int64_t{100} * 366 * 86'400'000;
constexpr std::int64_t kLargest = std::int64_t{1} << 62;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes `<digits><unit>` from the left of `text`; nothing when it is not there or exceeds `limit`.
template <std::size_t N>
std::optional<std::int64_t> take_quantity(std::string_view& text, const std::array<Unit, N>& units,
                                          std::int64_t limit) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || !is_digit(text.front())) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const auto name =
      text.substr(0, static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_digit) - text.begin()));
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
  if (unit == units.end() || count > limit / unit->factor) return std::nullopt;
  text.remove_prefix(name.size());
  return count * unit->factor;
}

Error not_a(std::string_view what, std::string_view text) {
  return make_error(ErrorCode::kInvalid, fmt::format("'{}' is not {}", text.substr(0, 64), what));
}

}  // namespace

Result<Millis> parse_duration(std::string_view text) {
  constexpr std::string_view kWhat = "a duration such as 30s, 15m, 5h or 1h30m";
  std::string_view rest = text;
  std::int64_t sum = 0;
  do {
    const auto part = take_quantity(rest, kTimeUnits, kLongest - sum);
    if (!part) return not_a(kWhat, text);
    sum += *part;
  } while (!rest.empty());
  return Millis(sum);
}

Result<std::int64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  const auto bytes = take_quantity(rest, kSizeUnits, kLargest);
  if (!bytes || !rest.empty()) return not_a("a size such as 500MB, 64KiB or 5GiB", text);
  return *bytes;
}

Result<double> parse_share(std::string_view text) {
  constexpr std::string_view kWhat = "a share from 0% to 100%";
  if (text.size() < 2 || text.back() != '%' || !is_digit(text.front())) return not_a(kWhat, text);
  const char* last = text.data() + text.size() - 1;
  double percent = 0;
  const auto [end, error] = std::from_chars(text.data(), last, percent, std::chars_format::fixed);
  if (error != std::errc{} || end != last || percent > 100) return not_a(kWhat, text);
  return percent / 100;
}

std::string format_size(std::int64_t bytes) {
  if (bytes < 0) return "-" + format_size(bytes == std::numeric_limits<std::int64_t>::min() ? kLargest : -bytes);
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array kNames = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < kNames.size(); ++unit) value /= 1024;
  std::string number = fmt::format("{:.1f}", value);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return fmt::format("{} {}", number, kNames[unit]);
}

std::string format_duration(Millis duration) {
  if (duration < Millis(0)) return "-" + format_duration(-duration);
  if (duration < std::chrono::seconds(1)) return fmt::format("{}ms", duration.count());
  std::int64_t rest = duration.count();
  for (std::size_t i = 0; i + 1 < kTimeUnits.size(); ++i) {
    const Unit& unit = kTimeUnits[i];
    if (rest < unit.factor) continue;
    std::string out = fmt::format("{}{}", rest / unit.factor, unit.name);
    const Unit& next = kTimeUnits[i + 1];
    const std::int64_t minor = rest % unit.factor / next.factor;
    if (minor != 0 && next.name != "ms") out += fmt::format(" {}{}", minor, next.name);
    return out;
  }
  return "0ms";
}

}  // namespace damsync
