#include "tests/integration/desk.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include "storage/base/time.h"
#include "sync/http/json_reader.h"
#include "tests/support/paths.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string table(const std::string& head, const std::map<std::string, std::string>& keys) {
  std::string out = "\n" + head + "\n";
  for (const auto& [key, value] : keys) out += key + " = " + value + "\n";
  return out;
}

/// The published contract of the change feed: dates only, three days at most, or an interval and no dates.
void check_updated(const SimRequest& request) {
  const auto start = request.param("start_date"), end = request.param("end_date");
  if (request.param("interval")) {
    CHECK_FALSE(start.has_value());
    CHECK_FALSE(end.has_value());
    return;
  }
  REQUIRE(start.has_value());
  REQUIRE(end.has_value());
  const auto first = parse_date(*start), past = parse_date(*end);
  REQUIRE_MESSAGE(first.ok(), *start);
  REQUIRE_MESSAGE(past.ok(), *end);
  CHECK(*past > *first);
  CHECK(*past - *first <= std::chrono::days(3));
}

void check_request(const SimRequest& request) {
  static const std::set<std::string> kSizes = {R"({"size":"small"})", R"({"size":"medium"})", R"({"size":"huge"})",
                                               R"({"size":"supersize"})", R"({"size":"vector"})"};
  INFO(request.method << " " << request.target);
  if (request.path == "/v2/images/updated") check_updated(request);
  const auto per_page = request.param("per_page");
  if (per_page && request.path == "/v2/images/licenses") CHECK(std::stoi(*per_page) <= 200);
  if (per_page && request.path == "/v2/images/updated") CHECK(std::stoi(*per_page) <= 2000);
  for (const auto& id : request.params("id")) CHECK(std::regex_match(id, std::regex("[1-9][0-9]*")));
  if (request.method == "POST" && request.path.ends_with("/downloads")) CHECK(kSizes.count(request.body) == 1);
  CHECK_FALSE((request.method == "POST" && request.path == "/v2/images/licenses"));
}

}  // namespace

const Json& member(const Json& json, std::string_view name) {
  const Json* found = json.find(name);
  REQUIRE_MESSAGE(found != nullptr, "no member " << name << " in " << write_json(json));
  return *found;
}
std::int64_t number(const Json& json, std::string_view name) { return member(json, name).as_int64().value(); }
std::string text(const Json& json, std::string_view name) {
  const Json& value = member(json, name);
  return value.is_string() ? *value.if_string() : write_json(value);
}
bool flag(const Json& json, std::string_view name) { return *member(json, name).if_bool(); }
bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    auto json = parse_json(line);
    REQUIRE_MESSAGE(json.ok(), line);
    out.push_back(std::move(*json));
  }
  return out;
}

Desk::Desk(int images) : server_([this](const SimRequest& request) { return serve(request); }) {
  sim.edit([](ShutterstockState& state) {
    state.add_token(std::string(kSandboxToken), "anna");
    state.clients["sandbox-client"] = {"sandbox-secret"};
    state.categories = {{"12", "Nature"}};
  });
  for (int i = 0; i < images; ++i) {
    add_image(image_id(i), "Picture " + std::to_string(i));
    add_license(image_id(i), sim.now() - std::chrono::hours(2 + images - i));
  }
  write_file("token", std::string(kSandboxToken) + "\n");
  secrets = {std::string(kSandboxToken)};
  account = {{"name", "\"newsroom\""},
             {"provider", "\"shutterstock\""},
             {"base_url", "\"" + server_.base_url() + "\""},
             {"access_token", "{ file = \"" + (dir / "token") + "\" }"},
             {"requests_per_second", "10000"}};
  store_keys = {{"root", "\"" + store().string() + "\""}, {"min_free", "\"1MiB\""}};
  write_settings();
}

Desk::~Desk() {
  server_.stop();
  CHECK(sim.faults().unfired() == std::vector<std::string>());
  check_requests();
  check_books();
  check_secrets();
}

SimResponse Desk::serve(const SimRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  SimRequest seen = request;
  if (before) before(seen);
  SimResponse response = sim.handle(seen);
  if (after) after(request, response);
  return response;
}

void Desk::check_requests() const {
  for (const auto& request : requests()) check_request(request);
}

void Desk::check_books() const {
  const SimBooks books = sim.books();
  CHECK(books.purchases == 0);
  CHECK(books.credentials_on_files == 0);
  if (!refusals_expected) CHECK_MESSAGE(books.refusals.empty(), write_json(books.to_json()));
  std::int64_t calls = 0;
  for (const auto& [route, made] : books.calls) calls += made;
  if (calls_comparable) CHECK(calls - calls_of_ours_ == calls_reported_);
}

void Desk::check_secrets() const {
  for (const auto& secret : secrets) {
    CHECK_MESSAGE(!holds(outputs_, secret), "a secret was printed");
    for (const auto& entry : fs::recursive_directory_iterator(dir.path()))
      if (entry.is_regular_file() && entry.path().extension() != "" && entry.path().extension() != ".jpg")
        CHECK_MESSAGE(!holds(read_file(entry.path()), secret), "a secret is in " << entry.path().string());
  }
  CHECK_MESSAGE(!holds(outputs_, "/gatekeeper/"), "a signed link was printed");
}

ProgramCall Desk::call(const Words& words) const {
  ProgramCall out{{damsync_binary(), "-c", dir / "damsync.toml"}, environment, {}};
  out.argv.insert(out.argv.end(), words.begin(), words.end());
  return out;
}

void Desk::keep(const ProgramResult& result) { outputs_ += result.out + result.err; }

ProgramResult Desk::damsync(const Words& words) {
  ProgramResult result = run_program(call(words));
  keep(result);
  return result;
}

std::unique_ptr<Program> Desk::start(const Words& words) {
  calls_comparable = false;
  return std::make_unique<Program>(call(words));
}

Json Desk::sync(int exit_code, const Words& more) {
  Words words = {"sync", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const ProgramResult result = damsync(words);
  INFO(result.out << result.err);
  REQUIRE(result.exit_code == exit_code);
  const auto printed = lines_of(result.out);
  REQUIRE(printed.size() == 1);
  calls_reported_ += number(account_of(printed.front()), "calls_free");
  CHECK(number(account_of(printed.front()), "calls_spending") == 0);
  return printed.front();
}

Json Desk::account_of(const Json& run) {
  const auto* accounts = member(run, "accounts").if_array();
  REQUIRE(accounts->size() == 1);
  return accounts->front();
}

std::vector<Json> Desk::list(const Words& what) {
  Words words = {"list", "--json"};
  words.insert(words.end(), what.begin(), what.end());
  const ProgramResult result = damsync(words);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return lines_of(result.out);
}

Json Desk::show(const std::string& asset_id) {
  const ProgramResult result = damsync({"show", "shutterstock:" + asset_id, "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  return lines_of(result.out).at(0);
}

void Desk::write_settings() const {
  write_file("damsync.toml", table("[store]", store_keys) +
                                 table("[catalog]", {{"path", '"' + catalog().string() + '"'}}) +
                                 table("[audit]", {{"directory", '"' + (dir / "reports") + '"'}}) +
                                 table("[limits]", limits) + table("[[account]]", account));
}

void Desk::write_file(const std::string& name, const std::string& text, unsigned mode) const {
  std::ofstream(dir / name, std::ios::binary | std::ios::trunc) << text;
  ::chmod((dir / name).c_str(), mode);
}

void Desk::add_image(const std::string& id, const std::string& description) {
  SimImage image;
  image.id = id;
  image.description = description;
  image.keywords = {"nature", "test"};
  image.categories = {"12"};
  image.added = std::chrono::floor<std::chrono::days>(sim.now()) - std::chrono::days(400);
  image.width = 120;
  image.height = 80;
  sim.edit([&](ShutterstockState& state) { state.put_image(std::move(image)); });
}

std::string Desk::add_license(const std::string& image, UtcTime time) {
  return sim.edit([&](ShutterstockState& state) {
    SimLicense license;
    license.id = license_id(licenses_added_++);
    license.image_id = image;
    license.username = "anna";
    license.subscription_id = "s30187600";
    license.download_time = time;
    const std::string id = license.id;
    state.add_license(std::move(license));
    return id;
  });
}

std::map<std::string, std::string> Desk::tree() const {
  std::map<std::string, std::string> files;
  if (!fs::exists(store())) return files;
  for (const auto& entry : fs::recursive_directory_iterator(store())) {
    const auto name = entry.path().lexically_relative(store()).string();
    if (entry.is_regular_file() && !name.starts_with(".damsync")) files[name] = read_file(entry.path());
  }
  return files;
}

std::map<std::string, FileMark> Desk::marks() const {
  std::map<std::string, FileMark> out;
  for (const auto& entry : fs::recursive_directory_iterator(store())) {
    struct stat info {};
    if (!entry.is_regular_file() || ::stat(entry.path().c_str(), &info) != 0) continue;
    out[entry.path().lexically_relative(store()).string()] = {
        info.st_ino, info.st_mtim.tv_sec * 1'000'000'000L + info.st_mtim.tv_nsec, info.st_size};
  }
  return out;
}

std::string Desk::served(const std::string& image_id, const std::string& size) {
  const std::string url = sim.file_url("", image_id, size);
  SimRequest request;
  request.method = "GET";
  request.target = request.path = url;
  ++calls_of_ours_;
  const SimResponse response = sim.handle(request);
  return response.body + (response.tail ? *response.tail : std::string());
}

std::vector<SimRequest> Desk::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::int64_t Desk::count(const std::string& pattern) const {
  const auto all = requests();
  return std::count_if(all.begin(), all.end(),
                       [&](const auto& r) { return matches_pattern(pattern, r.method + " " + r.path); });
}

void Desk::forget_requests() {
  const std::lock_guard lock(mutex_);
  requests_.clear();
}

}  // namespace damsync
