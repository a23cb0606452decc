#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/base/json.h"

namespace damsync::shutterstock {

/// A fingerprint of a set of ids that does not depend on their order.
struct IdDigest {
  std::uint64_t sum = 0;
  std::int64_t rows = 0;

  void add(std::string_view id) noexcept;
  void add(const IdDigest& other) noexcept;
  bool operator==(const IdDigest&) const = default;
};

/// Where a paged read of one list stands. Page numbers shift when rows come or go meanwhile, so a read of more than
/// one page is repeated until two reads saw the same ids.
struct ScanState {
  int page = 1;           ///< to be asked next
  int reads = 1;          ///< number of the read that is going on
  IdDigest seen{};        ///< by this read
  IdDigest previous{};    ///< by the read before
  IdDigest last_page{};   ///< all rows of the page before
  std::int64_t rows = 0;  ///< by this read, counted or not
  bool operator==(const ScanState&) const = default;
};

/// What one page showed.
struct PageFacts {
  IdDigest all{};      ///< every row
  IdDigest counted{};  ///< rows that must be the same in each read
  bool end = false;    ///< nothing beyond this page is wanted; an empty page always ends a read
  /// A page of fewer rows was certainly not cut short by the service's page size, whatever that is.
  std::int64_t uncut_below = 0;
  bool doubt = false;  ///< a read that ends here is not believed, whatever it saw
};

enum class ScanStep {
  kNextPage,
  kReadAgain,
  kStable,    ///< done: one page that was not cut, or two reads that agree
  kUnstable,  ///< done: `kMaxReads` reads never agreed; all rows of all of them were handed out
  kRunaway,   ///< the service repeats a page in each of `kMaxReads` reads, or never ends
};

inline constexpr int kMaxReads = 5;
inline constexpr int kMaxPages = 20'000;

/// Takes one page into account and moves `state` to what must be asked next. Pure.
ScanStep advance(ScanState& state, const PageFacts& page);

Json to_json(const ScanState& state);
/// Nothing when a member is missing or of the wrong type.
std::optional<ScanState> scan_state_from_json(const Json* json);

}  // namespace damsync::shutterstock
