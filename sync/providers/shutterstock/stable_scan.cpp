#include "sync/providers/shutterstock/stable_scan.h"

namespace damsync::shutterstock {
namespace {

std::uint64_t mixed(std::string_view id) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  hash ^= hash >> 31;
  return hash * 0x9e3779b97f4a7c15u;
}

ScanStep finish_read(ScanState& state, const PageFacts& page) {
  // A single answer cannot shift. A cut one can: what was on page 2 may have moved to page 1 since.
  const bool one_page = state.page == 1 || (state.page == 2 && state.last_page.rows < page.uncut_below);
  const bool agrees = one_page || (state.reads > 1 && state.seen == state.previous);
  if (agrees && !page.doubt) return ScanStep::kStable;
  if (state.reads >= kMaxReads) return ScanStep::kUnstable;
  state = ScanState{.reads = state.reads + 1, .previous = state.seen};
  return ScanStep::kReadAgain;
}

/// A page as long as the rows that just came shows the page before once more; a service that cannot page does it
/// always.
ScanStep repeated(ScanState& state) {
  if (state.reads >= kMaxReads) return ScanStep::kRunaway;
  state = ScanState{.reads = state.reads + 1};
  return ScanStep::kReadAgain;
}

Json digest_json(const IdDigest& digest) {
  return Json(Json::Array{Json(std::to_string(digest.sum)), Json(digest.rows)});
}

std::optional<IdDigest> digest_from(const Json* json) {
  const auto* items = json == nullptr ? nullptr : json->if_array();
  if (items == nullptr || items->size() != 2) return std::nullopt;
  const auto* sum = (*items)[0].if_string();
  const auto rows = (*items)[1].as_int64();
  if (sum == nullptr || sum->empty() || sum->find_first_not_of("0123456789") != std::string::npos || !rows)
    return std::nullopt;
  return IdDigest{std::strtoull(sum->c_str(), nullptr, 10), *rows};
}

std::optional<std::int64_t> number_of(const Json& json, std::string_view key) {
  const Json* value = json.find(key);
  return value == nullptr ? std::nullopt : value->as_int64();
}

}  // namespace

void IdDigest::add(std::string_view id) noexcept {
  sum += mixed(id);
  ++rows;
}

void IdDigest::add(const IdDigest& other) noexcept {
  sum += other.sum;
  rows += other.rows;
}

ScanStep advance(ScanState& state, const PageFacts& page) {
  if (page.all.rows == 0) return finish_read(state, page);
  if (state.page >= kMaxPages) return ScanStep::kRunaway;
  if (state.page > 1 && page.all == state.last_page) return repeated(state);
  state.seen.add(page.counted);
  state.rows += page.all.rows;
  state.last_page = page.all;
  ++state.page;
  return page.end ? finish_read(state, page) : ScanStep::kNextPage;
}

Json to_json(const ScanState& state) {
  return Json::object({{"page", state.page},
                       {"reads", state.reads},
                       {"seen", digest_json(state.seen)},
                       {"previous", digest_json(state.previous)},
                       {"last_page", digest_json(state.last_page)},
                       {"rows", state.rows}});
}

std::optional<ScanState> scan_state_from_json(const Json* json) {
  if (json == nullptr) return std::nullopt;
  const auto page = number_of(*json, "page");
  const auto reads = number_of(*json, "reads");
  const auto rows = number_of(*json, "rows");
  const auto seen = digest_from(json->find("seen"));
  const auto previous = digest_from(json->find("previous"));
  const auto last_page = digest_from(json->find("last_page"));
  if (!page || !reads || !rows || !seen || !previous || !last_page) return std::nullopt;
  if (*page < 1 || *page > kMaxPages || *reads < 1 || *reads > kMaxReads) return std::nullopt;
  return ScanState{static_cast<int>(*page), static_cast<int>(*reads), *seen, *previous, *last_page, *rows};
}

}  // namespace damsync::shutterstock
