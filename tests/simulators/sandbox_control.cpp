#include "tests/simulators/sandbox_control.h"

#include <charconv>

#include "storage/base/time.h"
#include "sync/http/json_reader.h"
#include "tests/simulators/demo_getty.h"
#include "tests/simulators/sandbox_switches.h"

namespace damsync {
namespace {

SimResponse json_text(const Json& json, int status = 200) {
  SimResponse response;
  response.status = status;
  response.set_body(write_json(json, JsonStyle::kPretty), "application/json");
  return response;
}

SimResponse refusal(const std::string& message, int status = 400) {
  return json_text(Json::object({{"message", message}}), status);
}

std::optional<DemoStep> parse_step(const std::string& word) {
  if (word == "license") return DemoStep::kLicense;
  if (word == "edit") return DemoStep::kEdit;
  if (word == "withdraw") return DemoStep::kWithdraw;
  if (word == "restore") return DemoStep::kRestore;
  if (word == "vanish") return DemoStep::kVanish;
  return std::nullopt;
}

}  // namespace

std::optional<Millis> parse_advance(std::string_view text) {
  long count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < -1'000'000'000 || count > 1'000'000'000) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "s") return std::chrono::seconds(count);
  if (unit == "m") return std::chrono::minutes(count);
  if (unit == "h") return std::chrono::hours(count);
  if (unit == "d") return std::chrono::hours(count * 24);
  return std::nullopt;
}

std::optional<SimResponse> SandboxControl::handle(const SimRequest& request) {
  if (!request.path.starts_with("/_sandbox/")) return std::nullopt;
  const std::string call = request.method + " " + request.path.substr(10);
  if (call == "POST mutate") return mutate(request);
  if (call == "POST clock" || call == "GET clock") return clock(request);
  if (call == "POST faults") return add_faults(request);
  if (call == "GET faults") return show_faults();
  if (call == "DELETE faults") {
    for (FaultScript* faults : {&sim_.faults(), &world_.photo_desk.faults(), &world_.archive.faults()}) faults->clear();
    return show_faults();
  }
  if (call == "POST switches") return set_switches(request);
  if (call == "GET books") return show_books();
  if (call == "DELETE books") {
    sim_.reset_books();
    world_.photo_desk.reset_books();
    world_.archive.reset_books();
    return show_books();
  }
  if (call == "GET urls") return list_urls(request);
  return refusal("no such control: " + call, 404);
}

/// The newsroom's report; the other accounts' are added to theirs.
Json SandboxControl::step(DemoStep step, Json& photo_desk, Json& archive) {
  const UtcTime now = sim_.now();
  photo_desk.push(world_.photo_desk.edit([&](GettyState& state) { return mutate_getty_demo(state, now, step); }));
  archive.push(world_.archive.edit([&](ConnectState& state) { return mutate_connect_demo(state, step); }));
  return sim_.edit([&](ShutterstockState& state) { return mutate_demo(state, now, step); });
}

SimResponse SandboxControl::mutate(const SimRequest& request) {
  const std::string word = request.param("step").value_or("all");
  const auto one = parse_step(word);
  if (!one && word != "all") return refusal("step must be license, edit, withdraw, restore, vanish or all");
  std::vector<DemoStep> steps{DemoStep::kLicense, DemoStep::kEdit, DemoStep::kWithdraw, DemoStep::kVanish};
  if (one) steps = {*one};
  Json done = Json::array();
  Json photo_desk = Json::array();
  Json archive = Json::array();
  for (const auto next : steps) done.push(step(next, photo_desk, archive));
  return json_text(Json::object(
      {{"done", std::move(done)}, {"photo-desk", std::move(photo_desk)}, {"archive", std::move(archive)}}));
}

/// The newsroom's, with those of the others as members.
SimResponse SandboxControl::show_books() {
  Json json = sim_.books().to_json();
  json.set("photo-desk", world_.photo_desk.books().to_json());
  json.set("archive", world_.archive.books().to_json());
  return json_text(json);
}

FaultScript& SandboxControl::faults_of(const std::string& route) {
  const std::size_t blank = route.find(' ');
  const auto path = blank == std::string::npos ? std::string_view() : std::string_view(route).substr(blank + 1);
  switch (SandboxWorld::place_of(path)) {
    case SandboxWorld::Place::kPhotoDesk: return world_.photo_desk.faults();
    case SandboxWorld::Place::kArchive: return world_.archive.faults();
    case SandboxWorld::Place::kNewsroom: break;
  }
  return sim_.faults();
}

SimResponse SandboxControl::clock(const SimRequest& request) {
  if (request.method == "POST") {
    const auto by = parse_advance(request.param("advance").value_or(""));
    if (!by) return refusal("advance must be a number with s, m, h or d, e.g. advance=10d");
    world_.advance(*by);
  }
  return json_text(Json::object({{"now", format_rfc3339(sim_.now())}}));
}

SimResponse SandboxControl::add_faults(const SimRequest& request) {
  const auto body = parse_json(request.body);
  if (!body) return refusal("the body must be a JSON object or an array of them");
  const Json::Array one = {*body};
  std::vector<FaultRule> rules;
  for (const auto& json : body->is_array() ? *body->if_array() : one) {
    auto rule = parse_fault(json);
    if (!rule) return refusal(rule.error().message);
    rules.push_back(std::move(*rule));
  }
  for (auto& rule : rules) {
    FaultScript& faults = faults_of(rule.route);
    faults.add(std::move(rule));
  }
  return show_faults();
}

SimResponse SandboxControl::show_faults() {
  Json unfired = Json::array();
  for (FaultScript* faults : {&sim_.faults(), &world_.photo_desk.faults(), &world_.archive.faults()})
    for (const auto& name : faults->unfired()) unfired.push(name);
  return json_text(Json::object({{"unfired", std::move(unfired)}}));
}

SimResponse SandboxControl::set_switches(const SimRequest& request) {
  SandboxSwitches changed{sim_.edit([](const auto& state) { return state.switches; }),
                          world_.photo_desk.edit([](const auto& state) { return state.switches; }),
                          world_.archive.edit([](const auto& state) { return state.switches; })};
  for (const auto& [name, value] : request.query)
    if (!apply_switch(changed, name, value)) return refusal("no such switch, or not a value for it: " + name);
  sim_.edit([&](ShutterstockState& state) { state.switches = changed.newsroom; });
  world_.photo_desk.edit([&](GettyState& state) { state.switches = changed.photo_desk; });
  world_.archive.edit([&](ConnectState& state) { state.switches = changed.archive; });
  return json_text(Json::object({{"switches", "set"}}));
}

SimResponse SandboxControl::list_urls(const SimRequest& request) {
  const std::string base = request.base();
  std::vector<std::pair<std::string, std::string>> files;
  sim_.edit([&](ShutterstockState& state) {
    for (const auto& license : state.licenses()) {
      if (license->media == "image" && license->downloadable) files.emplace_back(license->image_id, license->size);
    }
  });
  std::string text;
  for (const auto& [image_id, size] : files) text += sim_.file_url(base, image_id, size) + "\n";
  SimResponse response;
  response.set_body(std::move(text), "text/plain; charset=utf-8");
  return response;
}

}  // namespace damsync
