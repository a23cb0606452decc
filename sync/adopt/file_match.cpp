#include "sync/adopt/file_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "storage/base/text.h"

namespace damsync {
namespace {

/// How well one rendition goes with a file.
enum class Fit { kNoSize, kNoFormat, kNoPixels, kPossible, kExact };

struct Candidate {
  std::size_t claim = 0;
  std::size_t held = 0;
};

std::string plain_format(std::string_view format) {
  if (format == "jpeg") return "jpg";
  if (format == "tif") return "tiff";
  return std::string(format);
}

/// Listed sizes are rounded in places, so one part in a hundred is let pass.
bool near(std::int64_t a, std::int64_t b) { return std::abs(a - b) * 100 <= std::max(a, b); }

bool same_pixels(const MediaFacts& media, std::optional<std::int64_t> width, std::optional<std::int64_t> height) {
  const bool upright = near(*media.width, *width) && near(*media.height, *height);
  const bool turned = near(*media.width, *height) && near(*media.height, *width);
  return upright || turned;
}

bool names_size(const FileNameFacts& name, const HeldRendition& held) {
  return name.size.empty() || iequals(name.size, held.size);
}

/// `xlarge` for `X-Large` and `x_large`.
std::string letters_of(const std::string& size) {
  std::string out = to_lower(size);
  std::erase_if(out, [](char c) { return c < 'a' || c > 'z'; });
  return out;
}

bool hints_at(const FileNameFacts& name, const HeldRendition& held) {
  return !name.size_hint.empty() && letters_of(held.size) == name.size_hint;
}

/// Pixels that the provider lists for another size. A license that tells no size may be of any, and a size that the
/// name hints at is believed: what was delivered need not be what was listed.
bool is_another(const Claim& claim, const HeldRendition& held, const MediaFacts& media) {
  if (held.size.empty() || hints_at(claim.name, held)) return false;
  return std::any_of(claim.known.begin(), claim.known.end(), [&](const Rendition& known) {
    const bool same = known.name == held.size && (held.format.empty() || plain_format(known.format) == held.format);
    return !same && known.width == media.width && known.height == media.height;
  });
}

Fit fit_of(const Claim& claim, const HeldRendition& held, const MediaFacts& media) {
  if (!names_size(claim.name, held)) return Fit::kNoSize;
  if (!held.format.empty() && plain_format(held.format) != media.format) return Fit::kNoFormat;
  if (!media.width || !media.height) return Fit::kPossible;
  if (held.width && held.height) return same_pixels(media, held.width, held.height) ? Fit::kExact : Fit::kNoPixels;
  return is_another(claim, held, media) ? Fit::kNoPixels : Fit::kPossible;
}

std::string text_of(const HeldRendition& held) {
  std::string out = held.size.empty() ? "size not told" : held.size;
  if (!held.format.empty()) out += " " + held.format;
  if (held.width && held.height) out += fmt::format(" {}x{}", *held.width, *held.height);
  return out;
}

std::string list_of(const std::vector<Claim>& claims, const std::vector<Candidate>& candidates) {
  std::vector<std::string> texts;
  for (const auto& c : candidates)
    texts.push_back(claims[c.claim].account + " " + text_of(claims[c.claim].held[c.held]));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::vector<Candidate> all_of(const std::vector<Claim>& claims) {
  std::vector<Candidate> all;
  for (std::size_t c = 0; c < claims.size(); ++c)
    for (std::size_t h = 0; h < claims[c].held.size(); ++h) all.push_back({c, h});
  return all;
}

/// A size that the name hints at, and that the file can be, goes before every other, pixels that agree or not.
void prefer_hinted(const std::vector<Claim>& claims, const MediaFacts& media, std::vector<Candidate>& candidates) {
  const auto meant = [&](const Candidate& c) {
    const auto& [claim, held] = std::tie(claims[c.claim], claims[c.claim].held[c.held]);
    return hints_at(claim.name, held) && fit_of(claim, held, media) >= Fit::kPossible;
  };
  if (std::any_of(candidates.begin(), candidates.end(), meant))
    std::erase_if(candidates, [&](const Candidate& c) { return !meant(c); });
}

FileMatch verdict(AdoptResult result, std::string reason) { return {result, std::move(reason), 0, 0}; }

FileMatch already(const Candidate& c) {
  return {AdoptResult::kAlready, "the store has the file of this license", c.claim, c.held};
}

/// Every candidate is held already, or one is left, or it cannot be told.
FileMatch choose(const std::vector<Claim>& claims, const std::vector<Candidate>& fitting) {
  const auto mirrored = [&](const Candidate& c) { return claims[c.claim].held[c.held].mirrored; };
  if (std::all_of(fitting.begin(), fitting.end(), mirrored)) return already(fitting.front());
  if (fitting.size() == 1) return {AdoptResult::kAdopted, "", fitting.front().claim, fitting.front().held};
  return verdict(
      AdoptResult::kAmbiguous,
      fmt::format("several licensed files fit: {}; state the size in its name, or the account with --account",
                  list_of(claims, fitting)));
}

FileMatch none_fits(const std::vector<Claim>& claims, const MediaFacts& media, Fit best) {
  const std::string held = list_of(claims, all_of(claims));
  if (best == Fit::kNoPixels)
    return verdict(AdoptResult::kRefused,
                   fmt::format("it has {}x{} pixels; licensed: {}", *media.width, *media.height, held));
  if (best == Fit::kNoFormat)
    return verdict(AdoptResult::kRefused, fmt::format("it is {}; licensed: {}", media.format, held));
  return verdict(AdoptResult::kUnmatched, fmt::format("no license of this size is held; licensed: {}", held));
}

bool is_image(const std::string& format) {
  return format == "jpg" || format == "png" || format == "tiff" || format == "eps" || format == "gif";
}

}  // namespace

const char* to_word(AdoptResult result) noexcept {
  switch (result) {
    case AdoptResult::kAdopted: return "adopted";
    case AdoptResult::kAlready: return "already";
    case AdoptResult::kUnmatched: return "unmatched";
    case AdoptResult::kAmbiguous: return "ambiguous";
    case AdoptResult::kRefused: return "refused";
    case AdoptResult::kListed: return "listed";
  }
  return "refused";
}

std::optional<FileMatch> match_name(const std::vector<Claim>& claims) {
  if (claims.empty()) return verdict(AdoptResult::kUnmatched, "its name is none that a provider gives to its files");
  for (const auto& claim : claims)
    if (!claim.name.refusal.empty()) return verdict(AdoptResult::kRefused, claim.name.refusal);
  const auto all = all_of(claims);
  if (all.empty())
    return verdict(AdoptResult::kUnmatched,
                   fmt::format("no license for asset {} is held", claims.front().name.asset_id));
  std::vector<Candidate> named;
  for (const auto& c : all)
    if (names_size(claims[c.claim].name, claims[c.claim].held[c.held])) named.push_back(c);
  if (named.empty()) return none_fits(claims, {}, Fit::kNoSize);
  if (std::all_of(named.begin(), named.end(),
                  [&](const Candidate& c) { return claims[c.claim].held[c.held].mirrored; }))
    return already(named.front());
  return std::nullopt;
}

FileMatch match_file(const std::vector<Claim>& claims, const MediaFacts& media) {
  if (auto decided = match_name(claims)) return *decided;
  if (!is_image(media.format))
    return verdict(AdoptResult::kRefused, media.format.empty() ? "it is no image that we know"
                                                               : fmt::format("it is no image ({})", media.format));
  if ((media.format == "jpg" || media.format == "png") && (!media.width || !media.height))
    return verdict(AdoptResult::kRefused,
                   fmt::format("there is no picture in it, only the header of a {}", media.format));
  auto candidates = all_of(claims);
  prefer_hinted(claims, media, candidates);
  std::vector<Candidate> fitting;
  Fit best = Fit::kNoSize;
  for (const auto& c : candidates) {
    const Fit fit = fit_of(claims[c.claim], claims[c.claim].held[c.held], media);
    if (fit > best) fitting.clear();
    best = std::max(best, fit);
    if (fit == best && fit >= Fit::kPossible) fitting.push_back(c);
  }
  return fitting.empty() ? none_fits(claims, media, best) : choose(claims, fitting);
}

}  // namespace damsync
