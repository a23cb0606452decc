#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace damsync {

/// Parses a duration with its unit: `250ms`, `30s`, `15m`, `5h`, `2d`; sums such as `1h30m` are accepted.
/// Errors: kInvalid without a unit, for negative values or beyond 100 years.
Result<Millis> parse_duration(std::string_view text);

/// Parses a size with its unit: `100B`, `64KiB`, `5GiB`, `2TiB`, or decimal `10MB`. Units: bytes.
/// Errors: kInvalid without a unit or beyond 2^62.
Result<std::int64_t> parse_size(std::string_view text);

/// Parses a share: `5%`, `0.5%`; from 0 to 100. Units: a fraction, 0 to 1.
Result<double> parse_share(std::string_view text);

/// For people: `1.5 MiB`.
std::string format_size(std::int64_t bytes);
/// For people: `2d 3h`, `15m`, `42s`, `350ms`.
std::string format_duration(Millis duration);

}  // namespace damsync
