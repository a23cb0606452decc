#include "tests/simulators/demo_getty.h"

#include <algorithm>
#include <array>

#include "tests/simulators/demo_texts.h"
#include "tests/simulators/media_bytes.h"

namespace damsync {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t kImages = 48;
constexpr std::size_t kDownloads = 60;
constexpr std::size_t kArchived = 12;
constexpr std::array<const char*, 3> kPeople = {"anna", "ben", "desk.night"};

UtcTime start_of_year(UtcTime now) {
  using namespace std::chrono;
  return sys_days(year_month_day(floor<days>(now)).year() / January / 1);
}

/// Ids as the service gives them: old ones of eight digits, newer ones of ten.
std::string image_id(std::size_t index) {
  return std::to_string(index % 3 == 0 ? 83'454'804 + index * 1'013 : 1'167'612'765 + index * 7'919);
}

std::string archived_id(std::size_t index) { return std::to_string(2'637'171 + index * 4'099); }

GettySimImage demo_image(const std::string& id, std::size_t index) {
  const auto& texts = demo_texts();
  const DemoText& text = texts[(index * 5 + 3) % texts.size()];
  GettySimImage image{.id = id, .title = text.description, .caption = text.description, .keywords = text.keywords};
  image.artist = index % 4 == 0 ? "Amélie Brandt" : index % 4 == 1 ? "中村 樹" : "J. Doe";
  if (text.editorial) {
    image.asset_family = "editorial";
    image.caption += " (Photo by " + image.artist + "/Getty Images)";
    image.restrictions = {"Editorial use only.", "No commercial use without clearance."};
  }
  if (index % 5 == 1) std::swap(image.width, image.height);
  return image;
}

/// Every tenth download is the one before it once more: same person, same second, same size.
GettySimDownload demo_download(std::size_t index, UtcTime end) {
  const std::size_t slot = index % 10 == 9 ? index - 1 : index;
  GettySimDownload row;
  row.id = image_id(slot % kImages);
  row.time = end - hours(24 * 365 * 3) + hours(432 * static_cast<long>(slot)) + seconds(static_cast<long>(slot * 977));
  row.username = kPeople[slot % kPeople.size()];
  if (slot % 7 == 3) {
    row.product_type = "creditpack";
    row.product_id = 7710;
  }
  if (slot % 11 == 10) row.size_name = "medium";
  if (slot % 4 == 1) row.notes = slot % 8 == 1 ? "Titelseite / cover" : "Feature, page 7";
  if (slot % 3 == 1) row.project_code = "P-" + std::to_string(2'000 + slot / 5);
  return row;
}

void announce(GettyState& state, const std::string& id, const char* lifecycle, UtcTime now) {
  for (auto& channel : state.channels) channel.queue.push_back({.id = id, .lifecycle = lifecycle, .time = now});
}

/// The `skip`-th downloaded image that is still offered, from the newest download backwards.
GettySimImage* downloaded_image(GettyState& state, std::size_t skip) {
  for (auto row = state.downloads.rbegin(); row != state.downloads.rend(); ++row) {
    const auto image = state.images.find(row->id);
    if (image == state.images.end() || image->second.withdrawn) continue;
    if (skip-- == 0) return &image->second;
  }
  return nullptr;
}

Json report(const char* step, const std::vector<std::string>& images) {
  Json list = Json::array();
  for (const auto& id : images) list.push(id);
  return Json::object({{"step", step}, {"images", std::move(list)}, {"licenses", Json::array()}});
}

Json download_more(GettyState& state, UtcTime now) {
  const std::size_t index = 1'000 + state.images.size();
  const std::string id = image_id(index);
  state.images[id] = demo_image(id, index);
  GettySimDownload row{.id = id, .time = std::chrono::floor<seconds>(now)};
  state.downloads.push_back(row);
  state.downloads.push_back(std::move(row));
  return report("license", {id});
}

Json edit_one(GettyState& state, UtcTime now) {
  GettySimImage* image = downloaded_image(state, 6);
  if (image == nullptr) return report("edit", {});
  image->caption += " – updated";
  announce(state, image->id, "Update", now);
  return report("edit", {image->id});
}

Json withdraw_one(GettyState& state, UtcTime now) {
  GettySimImage* image = downloaded_image(state, 14);
  if (image == nullptr) return report("withdraw", {});
  image->withdrawn = true;
  announce(state, image->id, "Delete", now);
  return report("withdraw", {image->id});
}

Json restore_one(GettyState& state, UtcTime now) {
  for (auto& [id, image] : state.images) {
    if (!image.withdrawn) continue;
    image.withdrawn = false;
    announce(state, id, "New", now);
    return report("restore", {id});
  }
  return report("restore", {});
}

}  // namespace

void load_getty_demo(GettyState& state, UtcTime now) {
  const UtcTime end = start_of_year(now);
  for (std::size_t i = 0; i < kImages; ++i) {
    const std::string id = image_id(i);
    state.images[id] = demo_image(id, i);
    if (i % 2 == 1) state.images[id].relatives = {image_id((i + 3) % kImages), image_id((i + 6) % kImages)};
    for (const std::size_t step : {7, 11, 19}) state.images[id].similar.push_back(image_id((i + step) % kImages));
  }
  for (std::size_t i = 0; i < kDownloads; ++i) state.downloads.push_back(demo_download(i, end));
  state.products = {
      {.agreement_name = "Premium Access", .remaining = 140, .limit = 200},
      {.id = 7710, .type = "creditpack", .agreement_name = "iStock credits", .remaining = 12, .limit = 60}};
  state.channels.emplace_back();
}

Json mutate_getty_demo(GettyState& state, UtcTime now, DemoStep step) {
  switch (step) {
    case DemoStep::kLicense: return download_more(state, now);
    case DemoStep::kEdit: return edit_one(state, now);
    case DemoStep::kWithdraw: return withdraw_one(state, now);
    case DemoStep::kRestore: return restore_one(state, now);
    case DemoStep::kVanish: break;
  }
  return report("vanish", {});
}

std::map<std::string, std::string> getty_demo_files(const GettyState& state) {
  constexpr std::array<const char*, 3> kEndings = {".jpg", "_high.jpg", " (1).jpg"};
  std::map<std::string, std::string> files;
  for (const auto& [id, image] : state.images) {
    const bool old =
        id.size() == 8 && std::any_of(state.downloads.begin(), state.downloads.end(),
                                      [&](const auto& row) { return row.id == id && row.size_name == "x_large"; });
    if (old)
      files["GettyImages-" + id + kEndings[files.size() % kEndings.size()]] =
          make_jpeg({.seed = id, .width = image.width, .height = image.height});
  }
  return files;
}

void load_connect_demo(ConnectState& state) {
  const auto& texts = demo_texts();
  for (std::size_t i = 0; i < kArchived; ++i) {
    const DemoText& text = texts[(i * 7 + 1) % texts.size()];
    ConnectSimImage& image = state.images[archived_id(i)];
    image.title = text.description;
    image.caption = std::string(text.description) + ", about " + std::to_string(1930 + i * 4);
    image.keywords = text.keywords;
    if (i % 3 != 0) image.family = "Editorial";
    if (i % 3 == 1) image.restrictions = {"Not for use in advertising."};
  }
}

std::string connect_demo_list() {
  std::string out = "# Pictures of the archive, one asset id a line.\n";
  for (std::size_t i = 0; i < kArchived; ++i)
    out += archived_id(i) + (i % 4 == 0 ? "  # from the old card index\n" : "\n");
  return out;
}

Json mutate_connect_demo(ConnectState& state, DemoStep step) {
  if (step != DemoStep::kEdit) return report("none", {});
  auto& restrictions = state.images[archived_id(5)].restrictions;
  restrictions.push_back("Restriction " + std::to_string(restrictions.size() + 1) + ".");
  return report("edit", {archived_id(5)});
}

}  // namespace damsync
