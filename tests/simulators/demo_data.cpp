#include "tests/simulators/demo_data.h"

#include <array>
#include <chrono>
#include <string>
#include <tuple>
#include <utility>

#include "tests/simulators/demo_texts.h"

namespace damsync {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kDemoImages = 272;
constexpr std::size_t kDemoLicenses = 299;  // and one of a video
constexpr std::array<const char*, 4> kUsers = {"anna", "ben", "carla", "desk.night"};

/// 1 January of the year of `now`: demo data end there, so that it stays the same from one start to the next.
UtcTime start_of_year(UtcTime now) {
  using namespace std::chrono;
  return sys_days(year_month_day(floor<days>(now)).year() / January / 1);
}

/// Ids of six to ten digits, as years of uploads leave them.
std::string image_id(std::size_t index) {
  constexpr std::array<std::uint64_t, 4> kEras = {100'117, 58'114'003, 402'317'779, 2'150'331'113};
  return std::to_string(kEras[index % kEras.size()] + index * 7919);
}

void add_account(ShutterstockState& state) {
  state.add_token(std::string(kSandboxToken), "anna");
  state.clients["sandbox-client"] = {"sandbox-secret"};
  state.login = state.tokens[std::string(kSandboxToken)];
  state.refresh_tokens["v2/sandbox-refresh-token"] = state.login;
  state.categories = {{"1", "Animals/Wildlife"},
                      {"2", "Backgrounds/Textures"},
                      {"3", "Celebrities"},
                      {"4", "Buildings/Landmarks"},
                      {"6", "Food and Drink"},
                      {"8", "Illustrations/Clip-Art"},
                      {"12", "Nature"},
                      {"16", "Science"},
                      {"18", "Sports/Recreation"},
                      {"19", "Sports"},
                      {"20", "Transportation"},
                      {"26", "Editorial"}};
}

void add_subscriptions(ShutterstockState& state, UtcTime now) {
  using Allotment = SimSubscription::Allotment;
  const UtcTime month = std::chrono::floor<std::chrono::days>(now) - hours(24 * 9);
  const UtcTime next = month + hours(24 * 30);
  state.subscriptions = {
      {"s30187600", "standard", "Monthly Subscription", next, Allotment{month, next, 317, 350}},
      {"s30187601", "enhanced", "Enhanced Licenses", next + hours(24 * 150), Allotment{month, next, 4, 25}},
      {"s30187602", "media", "Media Subscription", next + hours(24 * 300), Allotment{month, next, 180, 750}},
      {"s11870042", "standard", "Annual Subscription", start_of_year(now) - hours(24 * 400), std::nullopt},
  };
}

SimImage demo_image(std::size_t index, UtcTime end) {
  const auto& texts = demo_texts();
  const DemoText& text = texts[index % texts.size()];
  constexpr std::array<std::pair<int, int>, 4> kShapes = {{{600, 400}, {400, 600}, {480, 480}, {640, 360}}};
  SimImage image;
  image.id = image_id(index);
  const bool drawing = text.category[0] == '8' || text.category[0] == '2' ? text.category[1] == '\0' : false;
  image.image_type = drawing ? (index % 2 == 0 ? "illustration" : "vector") : "photo";
  image.description = text.description;
  if (index >= texts.size()) image.description += " (" + std::to_string(index / texts.size() + 1) + ")";
  image.keywords = text.keywords;
  image.categories = {text.category};
  image.contributor = std::to_string(1'306'729 + index % 37 * 1013);
  image.added = std::chrono::floor<std::chrono::days>(end) - std::chrono::days(1100 + index * 5);
  std::tie(image.width, image.height) = kShapes[index % kShapes.size()];
  image.editorial = text.editorial;
  // Absent, true and false all occur: absent does not mean false.
  if (index % 5 != 0) image.model_release = !text.editorial && index % 3 == 0;
  if (index % 4 != 0) image.property_release = !text.editorial && index % 7 == 0;
  if (image.model_release == true) {
    image.models = {std::to_string(900'000 + index)};
    image.model_releases = {"mr" + std::to_string(index)};
  }
  if (index % 3 == 0) image.original_filename = "DSC_" + std::to_string(1000 + index) + ".jpg";
  return image;
}

/// License `index` of `count`, spread evenly over the three years before `end`, with bursts within one second.
SimLicense demo_license(std::size_t index, std::size_t count, const SimImage& image, UtcTime end) {
  const std::size_t slot = index % 12 == 0 && index > 0 ? index - 1 : index;
  const auto step = minutes(60L * 24 * 365 * 3 / static_cast<long>(count));
  SimLicense license;
  license.id = "i" + std::to_string(1'188'600'000 + index * 137);
  license.image_id = image.id;
  license.license = index % 11 == 5 ? "enhanced" : index % 7 == 3 ? "media" : "standard";
  license.size = image.image_type == "vector" ? "vector"
                 : index % 9 == 4             ? "medium"
                 : index % 23 == 7            ? "small"
                                              : "huge";
  license.username = kUsers[index % kUsers.size()];
  license.subscription_id = license.license == "enhanced" ? "s30187601"
                            : license.license == "media"  ? "s30187602"
                                                          : "s30187600";
  if (index < count / 3) license.subscription_id = "s11870042";
  license.download_time = end - hours(24 * 365 * 3) + step * static_cast<long>(slot) +
                          std::chrono::seconds(static_cast<long>(slot * 37 % 3600));
  if (index % 3 != 0) license.metadata["purchase_order"] = "PO-" + std::to_string(40'000 + index / 4);
  if (index % 4 == 1) license.metadata["client"] = index % 8 == 1 ? "Politics desk" : "Sport & Culture";
  return license;
}

void add_recent_changes(ShutterstockState& state, UtcTime now) {
  // Changes of pictures nobody here has licensed: the feed is the whole catalogue's.
  for (std::size_t i = 0; i < 240; ++i) {
    const UtcTime time = now - minutes(30 + static_cast<long>(i / 3) * 50);  // three share each second
    state.log_update(std::to_string(2'400'000'000 + i * 31), time,
                     i % 3 == 0   ? "addition"
                     : i % 7 == 0 ? "deletion"
                                  : "edit");
  }
}

void add_collections(ShutterstockState& state, UtcTime end) {
  const auto& ids = state.image_ids();
  SimCollection covers{"55301587", "Covers / Titelbilder", end - hours(24 * 700), end - hours(24 * 5), {}};
  SimCollection elections{"55301602", "Wahlen 🗳️", end - hours(24 * 300), end - hours(24 * 9), {}};
  for (std::size_t i = 0; i < 40; ++i)
    covers.items.emplace_back(ids[i * 3], end - hours(24 * (600 - static_cast<long>(i))));
  for (std::size_t i = 0; i < 12; ++i) elections.items.emplace_back(ids[i * 11 + 1], end - hours(24 * 50));
  state.collections = {covers, elections};
  state.featured = {{"136351027", "Editors' choice", end - hours(24 * 90), end - hours(24 * 2), {{ids[4], end}}}};
}

Json report(const char* step, const std::vector<std::string>& images, const std::vector<std::string>& licenses) {
  Json image_list = Json::array();
  Json license_list = Json::array();
  for (const auto& id : images) image_list.push(id);
  for (const auto& id : licenses) license_list.push(id);
  return Json::object({{"step", step}, {"images", std::move(image_list)}, {"licenses", std::move(license_list)}});
}

/// The `skip`-th image that is licensed and in the catalogue, from the newest license backwards.
SimImage* licensed_image(ShutterstockState& state, std::size_t skip) {
  const auto& all = state.licenses();
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    SimImage* image = state.image((*it)->image_id);
    if (image == nullptr || image->deleted) continue;
    if (skip-- == 0) return image;
  }
  return nullptr;
}

Json license_more(ShutterstockState& state, UtcTime now) {
  std::vector<std::string> images;
  std::vector<std::string> licenses;
  for (int i = 0; i < 3; ++i) {
    const std::size_t index = state.image_ids().size();
    SimImage* again = i == 2 ? licensed_image(state, 4) : nullptr;
    SimImage& image = again != nullptr ? *again : state.put_image(demo_image(index + 1000, now));
    if (again == nullptr) state.log_update(image.id, now, "addition");
    SimLicense license = demo_license(index, kDemoLicenses, image, now);
    license.id = "i" + std::to_string(2'000'000'000 + state.updates().size() * 1000 + state.licenses().size());
    license.download_time = now;
    images.push_back(image.id);
    licenses.push_back(license.id);
    state.add_license(std::move(license));
  }
  return report("license", images, licenses);
}

Json edit_more(ShutterstockState& state, UtcTime now) {
  std::vector<std::string> images;
  for (const std::size_t skip : {std::size_t{7}, std::size_t{21}}) {
    SimImage* image = licensed_image(state, skip);
    if (image == nullptr) continue;
    image->keywords.push_back("edited " + std::to_string(state.updates().size()));
    state.edit_description(image->id, image->description + " – updated", now);
    images.push_back(image->id);
  }
  return report("edit", images, {});
}

}  // namespace

void load_demo(ShutterstockState& state, UtcTime now) {
  const UtcTime end = start_of_year(now);
  add_account(state);
  add_subscriptions(state, now);
  for (std::size_t i = 0; i < kDemoImages; ++i) state.put_image(demo_image(i, end));
  for (std::size_t i = 0; i < kDemoLicenses; ++i) {
    // The last licenses are of images licensed before, some of them on the same terms.
    const SimImage& image = *state.image(image_id(i % kDemoImages));
    SimLicense license = demo_license(i, kDemoLicenses, image, end);
    license.downloadable = i != 41 && i != 187;
    state.add_license(std::move(license));
  }
  SimLicense video = demo_license(140, kDemoLicenses, *state.image(image_id(3)), end);
  video.id = "v900140";
  video.image_id = "1014532877";
  video.media = "video";
  video.size = "hd";
  state.add_license(std::move(video));
  add_recent_changes(state, now);
  add_collections(state, end);
}

void load_bench(ShutterstockState& state, UtcTime now, std::size_t count, std::size_t file_bytes) {
  add_account(state);
  add_subscriptions(state, now);
  state.bench_bytes = file_bytes;
  for (std::size_t i = 0; i < count; ++i) {
    SimImage image;
    image.id = std::to_string(300'000'000 + i);
    image.description = "Load test picture " + std::to_string(i);
    image.keywords = {"bench", "load", "picture", "test"};
    image.categories = {"12"};
    image.added = std::chrono::floor<std::chrono::days>(now) - std::chrono::days(900);
    SimLicense license;
    license.id = "i" + std::to_string(500'000'000 + i);
    license.image_id = image.id;
    license.username = "anna";
    license.subscription_id = "s30187600";
    license.download_time = now - minutes(static_cast<long>(count - i));
    state.put_image(std::move(image));
    state.add_license(std::move(license));
  }
}

Json mutate_demo(ShutterstockState& state, UtcTime now, DemoStep step) {
  if (step == DemoStep::kLicense) return license_more(state, now);
  if (step == DemoStep::kEdit) return edit_more(state, now);
  if (step == DemoStep::kWithdraw) {
    SimImage* image = licensed_image(state, 12);
    if (image == nullptr) return report("withdraw", {}, {});
    state.withdraw(image->id, now);
    return report("withdraw", {image->id}, {});
  }
  if (step == DemoStep::kRestore) {
    const auto& log = state.updates();
    for (auto it = log.rbegin(); it != log.rend(); ++it) {
      const SimImage* image = state.image(it->image_id);
      if (it->kind != "deletion" || image == nullptr || !image->deleted) continue;
      const std::string id = image->id;
      state.restore(id, now);
      return report("restore", {id}, {});
    }
    return report("restore", {}, {});
  }
  if (state.licenses().size() < 30) return report("vanish", {}, {});
  const std::string id = state.licenses()[state.licenses().size() - 30]->id;
  state.remove_license(id);
  return report("vanish", {}, {id});
}

}  // namespace damsync
