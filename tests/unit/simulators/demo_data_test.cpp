#include <doctest/doctest.h>

#include <map>
#include <set>

#include "storage/base/text.h"
#include "storage/base/time.h"
#include "tests/simulators/demo_data.h"

namespace damsync {
namespace {

UtcTime at(const char* text) { return parse_rfc3339(text).value(); }

struct Demo {
  ShutterstockState state;
  Demo() { load_demo(state, at("2026-03-15T12:00:00Z")); }
};

}  // namespace

TEST_CASE_FIXTURE(Demo, "demo data: a newsroom with what mirrors stumble over") {
  std::set<std::string> users;
  std::set<std::string> kinds;
  std::set<std::string> sizes;
  std::set<std::string> ids;
  std::map<std::string, int> of_image;
  int blocked = 0;
  int videos = 0;
  for (const auto& license : state.licenses()) {
    users.insert(license->username);
    kinds.insert(license->license);
    sizes.insert(license->size);
    ids.insert(license->id);
    ++of_image[license->image_id];
    blocked += license->downloadable ? 0 : 1;
    videos += license->media == "video" ? 1 : 0;
  }
  CHECK(state.licenses().size() == 300);
  CHECK(ids.size() == 300);
  CHECK(users.size() == 4);
  CHECK(kinds == std::set<std::string>{"enhanced", "media", "standard"});
  CHECK(sizes == std::set<std::string>{"hd", "huge", "medium", "small", "vector"});
  CHECK(blocked == 2);
  CHECK(videos == 1);
  CHECK(of_image.size() == 273);
  CHECK(state.subscriptions.size() == 4);
  CHECK_FALSE(state.subscriptions.back().allotment);
}

TEST_CASE_FIXTURE(Demo, "demo data: texts are UTF-8 in several scripts, releases are present, denied or silent") {
  int editorial = 0;
  std::set<int> releases;
  for (const auto& id : state.image_ids()) {
    const SimImage& image = *state.image(id);
    CHECK(is_utf8(image.description));
    editorial += image.editorial ? 1 : 0;
    releases.insert(image.model_release ? static_cast<int>(*image.model_release) : -1);
  }
  CHECK(editorial > 20);
  CHECK(releases == std::set<int>{-1, 0, 1});
}

TEST_CASE_FIXTURE(Demo, "demo data: every license of an image is of a size that image has") {
  for (const auto& license : state.licenses()) {
    if (license->media != "image") continue;
    CHECK_MESSAGE(state.image(license->image_id)->rendition(license->size).has_value(), license->id);
  }
}

TEST_CASE_FIXTURE(Demo, "demo data: the same year brings the same licenses") {
  ShutterstockState later;
  load_demo(later, at("2026-11-20T08:30:00Z"));
  REQUIRE(later.licenses().size() == state.licenses().size());
  for (std::size_t i = 0; i < state.licenses().size(); ++i) {
    CHECK(later.licenses()[i]->id == state.licenses()[i]->id);
    CHECK(later.licenses()[i]->download_time == state.licenses()[i]->download_time);
  }
  CHECK(state.licenses().back()->download_time < at("2026-01-01T00:00:00Z"));
}

TEST_CASE_FIXTURE(Demo, "demo data: each step changes what it says it changes") {
  const UtcTime now = at("2026-03-15T12:00:00Z");
  const auto first = [](const Json& done, const char* key) { return *done.find(key)->if_array()->front().if_string(); };
  const std::size_t before = state.licenses().size();

  const Json licensed = mutate_demo(state, now, DemoStep::kLicense);
  CHECK(state.licenses().size() == before + 3);
  CHECK(state.license(first(licensed, "licenses"))->download_time == now);

  const Json edited = mutate_demo(state, now, DemoStep::kEdit);
  CHECK(state.image(first(edited, "images"))->description.ends_with("updated"));
  CHECK(state.updates().back().kind == "edit");

  const Json withdrawn = mutate_demo(state, now, DemoStep::kWithdraw);
  CHECK(state.image(first(withdrawn, "images"))->deleted);
  const Json restored = mutate_demo(state, now, DemoStep::kRestore);
  CHECK(first(restored, "images") == first(withdrawn, "images"));
  CHECK_FALSE(state.image(first(restored, "images"))->deleted);

  const Json vanished = mutate_demo(state, now, DemoStep::kVanish);
  CHECK(state.license(first(vanished, "licenses")) == nullptr);
}

TEST_CASE("demo data: repeated steps never reuse an id") {
  Demo demo;
  for (int i = 0; i < 20; ++i) mutate_demo(demo.state, at("2026-03-15T12:00:00Z"), DemoStep::kLicense);
  std::set<std::string> ids;
  for (const auto& license : demo.state.licenses()) ids.insert(license->id);
  CHECK(ids.size() == 360);
}

TEST_CASE("demo data: a load test has as many assets and licenses as ordered") {
  ShutterstockState state;
  load_bench(state, at("2026-03-15T12:00:00Z"), 2000, 200 << 10);
  CHECK(state.image_ids().size() == 2000);
  CHECK(state.licenses().size() == 2000);
  CHECK(state.licenses().back()->download_time == at("2026-03-15T11:59:00Z"));
}

}  // namespace damsync
