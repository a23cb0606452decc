#include <doctest/doctest.h>

#include "sync/adopt/file_match.h"

namespace damsync {
namespace {

const HeldRendition kHuge{"huge", "jpg", 6000, 4000, false};
const HeldRendition kMedium{"medium", "jpg", 1000, 667, false};
const HeldRendition kVector{"vector", "eps", std::nullopt, std::nullopt, false};
const HeldRendition kUntold{"", "jpg", std::nullopt, std::nullopt, false};
const HeldRendition kLarge{"large", "jpg", std::nullopt, std::nullopt, false};

Claim claim(std::vector<HeldRendition> held, FileNameFacts name = {}) {
  name.asset_id = "118139110";
  Claim out{0, "newsroom", std::move(name), std::move(held), {}};
  for (const auto* r : {&kHuge, &kMedium}) out.known.push_back({r->size, r->format, r->width, r->height});
  out.known.push_back({"small", "jpg", 500, 334});
  return out;
}
Claim sized(std::vector<HeldRendition> held, const std::string& size) {
  return claim(std::move(held), {.asset_id = {}, .size = size, .size_hint = {}, .refusal = {}});
}
Claim hinted(std::vector<HeldRendition> held, const std::string& hint) {
  return claim(std::move(held), {.asset_id = {}, .size = {}, .size_hint = hint, .refusal = {}});
}
HeldRendition mirrored(HeldRendition held) {
  held.mirrored = true;
  return held;
}
MediaFacts jpg(std::int64_t width, std::int64_t height) { return {"jpg", width, height}; }

struct Case {
  const char* what;
  std::vector<Claim> claims;
  MediaFacts media;
  AdoptResult result;
  std::size_t held = 0;
};

}  // namespace

TEST_CASE("adopt: a file goes to the one license held that its name and its bytes fit") {
  using R = AdoptResult;
  const std::vector<Case> cases = {
      {"one license, size stated", {sized({kHuge}, "huge")}, jpg(6000, 4000), R::kAdopted},
      {"one license, size in capitals", {sized({kHuge}, "Huge")}, jpg(6000, 4000), R::kAdopted},
      {"one license, size not stated", {claim({kHuge})}, jpg(6000, 4000), R::kAdopted},
      {"turned by a camera's flag", {claim({kHuge})}, jpg(4000, 6000), R::kAdopted},
      {"listed size is rounded", {claim({kHuge})}, jpg(5990, 3994), R::kAdopted},
      {"pixels choose among two", {claim({kHuge, kMedium})}, jpg(1000, 667), R::kAdopted, 1},
      {"name chooses among two", {sized({kHuge, kUntold}, "huge")}, jpg(6000, 4000), R::kAdopted, 0},
      {"type chooses among two", {claim({kHuge, kVector})}, {"eps", {}, {}}, R::kAdopted, 1},
      {"known pixels go before unknown ones", {claim({kUntold, kHuge})}, jpg(6000, 4000), R::kAdopted, 1},
      {"a size nobody knows pixels of", {claim({kUntold})}, jpg(7777, 5555), R::kAdopted},
      {"a hint decides between equals",
       {hinted({{"x_large", "jpg", {}, {}, false}, {"small", "jpg", {}, {}, false}}, "xlarge")},
       jpg(7777, 5555),
       R::kAdopted,
       0},
      {"a license that tells no size may be of any", {claim({kUntold})}, jpg(500, 334), R::kAdopted},
      {"a hint goes before the pixels of another size",
       {hinted({kHuge, kLarge}, "large")},
       jpg(6000, 4000),
       R::kAdopted,
       1},
      {"a hint at a size that has its file",
       {hinted({kHuge, mirrored(kLarge)}, "large")},
       jpg(6000, 4000),
       R::kAlready},
      {"a hint that the size's own pixels deny", {hinted({kHuge, kMedium}, "medium")}, jpg(6000, 4000), R::kAdopted, 0},
      {"a hint at what is not held is no statement", {hinted({kHuge}, "super")}, jpg(6000, 4000), R::kAdopted},
      {"another account holds nothing", {claim({}), claim({kHuge})}, jpg(6000, 4000), R::kAdopted},
      {"held in a size that is not stated", {sized({kHuge}, "medium")}, jpg(1000, 667), R::kUnmatched},
      {"no license at all", {claim({})}, jpg(6000, 4000), R::kUnmatched},
      {"no name of a provider", {}, jpg(6000, 4000), R::kUnmatched},
      {"two of unknown pixels", {claim({kUntold, {"other", "jpg", {}, {}, false}})}, jpg(7777, 5555), R::kAmbiguous},
      {"two accounts hold it", {claim({kHuge}), claim({kHuge})}, jpg(6000, 4000), R::kAmbiguous},
      {"has its file", {claim({mirrored(kHuge)})}, jpg(6000, 4000), R::kAlready},
      {"both have their file", {claim({mirrored(kHuge), mirrored(kMedium)})}, jpg(6000, 4000), R::kAlready},
      {"its size has its file", {claim({mirrored(kHuge), kMedium})}, jpg(6000, 4000), R::kAlready},
      {"the other size has its file", {claim({mirrored(kHuge), kMedium})}, jpg(1000, 667), R::kAdopted, 1},
      {"M4: a scaled copy", {claim({kHuge})}, jpg(3000, 2000), R::kRefused},
      {"M4: a scaled copy that states its size", {sized({kHuge}, "huge")}, jpg(800, 533), R::kRefused},
      {"M4: another size's pixels, the licensed one's unknown", {claim({kLarge})}, jpg(500, 334), R::kRefused},
      {"M2: another type than licensed", {claim({kHuge})}, {"png", 6000, 4000}, R::kRefused},
      {"M2: a web page", {claim({kHuge})}, {"html", {}, {}}, R::kRefused},
      {"M2: nothing known", {claim({kUntold})}, {"", {}, {}}, R::kRefused},
      {"M1: a header and no picture", {claim({kHuge})}, {"jpg", {}, {}}, R::kRefused},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto match = match_file(c.claims, c.media);
    CHECK(std::string(to_word(match.result)) == to_word(c.result));
    CHECK(match.reason.empty() == (c.result == R::kAdopted));
    if (c.result == R::kAdopted) CHECK(match.held == c.held);
  }
}

TEST_CASE("adopt: a file is not even read when its name decides") {
  CHECK(match_name({})->result == AdoptResult::kUnmatched);
  CHECK(match_name({claim({})})->result == AdoptResult::kUnmatched);
  CHECK(match_name({claim({mirrored(kHuge)})})->result == AdoptResult::kAlready);
  CHECK(match_name({sized({kHuge}, "small")})->result == AdoptResult::kUnmatched);
  CHECK(match_name({claim({kHuge}, {.asset_id = {}, .size = {}, .size_hint = {}, .refusal = "a comp"})})->result ==
        AdoptResult::kRefused);
  CHECK_FALSE(match_name({claim({mirrored(kHuge), kMedium})}).has_value());
}

TEST_CASE("adopt: a reason says what is licensed and how to decide") {
  CHECK(match_file({claim({kHuge}), claim({kHuge})}, jpg(6000, 4000)).reason.find("--account") != std::string::npos);
  CHECK(match_file({claim({kHuge})}, jpg(3000, 2000)).reason.find("newsroom huge jpg 6000x4000") != std::string::npos);
}

}  // namespace damsync
