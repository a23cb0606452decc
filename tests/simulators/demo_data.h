#pragma once

#include <cstddef>
#include <string_view>

#include "storage/base/json.h"
#include "tests/simulators/shutterstock_state.h"

namespace damsync {

/// The token that demo and bench data accept.
inline constexpr std::string_view kSandboxToken = "v2/sandbox-token-of-the-newsroom";

/// Fills `state` with a newsroom's account: about 300 licenses of the three calendar years before `now`, several users
/// and subscriptions, texts in several scripts, vectors, editorial pictures, repeated licenses, two licenses that
/// cannot be downloaded and one of a video. The same year, the same data.
void load_demo(ShutterstockState& state, UtcTime now);

/// Fills `state` with `count` images and one license of each, one a minute back from `now`; every file is a JPEG of
/// exactly `file_bytes` (0: drawn, as in the demo).
void load_bench(ShutterstockState& state, UtcTime now, std::size_t count, std::size_t file_bytes);

/// What the provider's world does next.
enum class DemoStep {
  kLicense,   ///< three new licenses, two of them of new images
  kEdit,      ///< new texts and keywords for two images
  kWithdraw,  ///< one image leaves the catalogue
  kRestore,   ///< the image withdrawn last comes back
  kVanish,    ///< one license leaves the history
};

/// Applies one step at `now` and tells which ids it touched: `{"step":...,"images":[...],"licenses":[...]}`.
Json mutate_demo(ShutterstockState& state, UtcTime now, DemoStep step);

}  // namespace damsync
