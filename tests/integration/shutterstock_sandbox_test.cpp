#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "daemon/config/settings_loader.h"
#include "storage/base/log.h"
#include "sync/providers/provider_factory.h"
#include "tests/simulators/demo_data.h"
#include "tests/simulators/sandbox_config.h"
#include "tests/simulators/shutterstock_sim.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

/// Takes the bytes of one download.
class Collector final : public BodySink {
 public:
  Status begin(const HttpHead&) override { return {}; }
  Status write(std::span<const char> part) override {
    bytes.append(part.data(), part.size());
    return {};
  }
  std::string bytes;
};

/// The demo newsroom behind a real connection, as `damsync sync` would make it.
struct Newsroom {
  ShutterstockSim sim;
  FakeClock clock{sim.now()};
  Redactor redactor;
  int sink = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Log log{sink, clock, redactor};
  std::unique_ptr<AccountConnection> connection;

  Newsroom() {
    sim.edit([now = sim.now()](ShutterstockState& state) { load_demo(state, now); });
    sim.listen();
    ProviderSettings settings;
    settings.account = "newsroom";
    settings.provider = "shutterstock";
    settings.base_url = sim.base_url();
    settings.access_token = Secret(std::string(kSandboxToken));
    settings.team_history = true;
    settings.requests_per_second = 10'000;
    connection = make_connection(settings, clock, log).value();
  }
  ~Newsroom() {
    connection.reset();
    ::close(sink);
  }

  /// All pages of one stream from its beginning; each must be readable.
  std::vector<Page> read(const std::string& stream, const KnownAssets& known) {
    std::vector<Page> pages;
    std::string cursor;
    for (bool more = true; more; more = !pages.back().last) {
      REQUIRE(pages.size() < 500);
      auto page = connection->provider().poll({.stream = stream, .cursor = cursor, .known = &known, .full = true}, {});
      REQUIRE_MESSAGE(page.ok(), page.error().message);
      cursor = page->next;
      pages.push_back(std::move(*page));
    }
    return pages;
  }
  std::map<std::string, License> all_licenses() {
    std::map<std::string, License> licenses;
    for (const auto& page : read("licenses", KnownAssets({}))) {
      CHECK(page.rejected.empty());
      for (const auto& license : page.licenses) licenses.emplace(license.license_id, license);
    }
    return licenses;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Newsroom, "sandbox: damsync reads the whole newsroom without one refused request") {
  const auto licenses = all_licenses();
  CHECK(licenses.size() == 300);

  std::set<std::string> ids;
  for (const auto& [id, license] : licenses) ids.insert(license.asset_id);
  const std::vector<std::string> sorted(ids.begin(), ids.end());
  std::size_t described = 0;
  for (std::size_t i = 0; i < sorted.size(); i += 50) {
    const auto part = std::span(sorted).subspan(i, std::min<std::size_t>(50, sorted.size() - i));
    const auto answer = connection->provider().describe(part, {});
    REQUIRE_MESSAGE(answer.ok(), answer.error().message);
    CHECK(answer->rejected.empty());
    described += answer->assets.size();
  }
  CHECK(described == 272);  // and a video, which is no image
  read("updates", KnownAssets(sorted));

  const SimBooks books = sim.books();
  CHECK(books.purchases == 0);
  CHECK_MESSAGE(books.refusals.empty(), write_json(books.to_json()));
}

TEST_CASE_FIXTURE(Newsroom, "sandbox: a licensed file comes free of charge and without our credentials on its link") {
  const auto licenses = all_licenses();
  const License& license = licenses.at("i1188600137");
  const auto source = connection->provider().refetch(license, {});
  REQUIRE_MESSAGE(source.ok(), source.error().message);
  Collector collector;

  HttpRequest request;
  request.url = Url::parse(source->url).value();
  const auto answer = connection->downloads().send(request, &collector, {});

  REQUIRE_MESSAGE(answer.ok(), answer.error().message);
  CHECK(collector.bytes.starts_with("\xFF\xD8\xFF"));
  CHECK(sim.books().redownloads.at("i1188600137") == 1);
  CHECK(sim.books().credentials_on_files == 0);
}

TEST_CASE_FIXTURE(Newsroom, "sandbox: changes of the catalogue reach damsync as notices") {
  std::vector<std::string> held;
  for (const auto& [id, license] : all_licenses()) held.push_back(license.asset_id);
  std::sort(held.begin(), held.end());
  const KnownAssets known(held);
  const auto changed = [&](const char* key, DemoStep step) {
    const Json done = sim.edit(
        [&](ShutterstockState& state) { return mutate_demo(state, clock.utc() - std::chrono::minutes(10), step); });
    return *done.find(key)->if_array()->front().if_string();
  };
  const std::string edited = changed("images", DemoStep::kEdit);
  const std::string withdrawn = changed("images", DemoStep::kWithdraw);

  std::map<std::string, bool> deleted;
  for (const auto& page : read("updates", known)) {
    for (const auto& notice : page.notices) deleted[notice.asset_id] = notice.deleted;
  }

  REQUIRE(deleted.count(edited) == 1);
  REQUIRE(deleted.count(withdrawn) == 1);
  CHECK_FALSE(deleted[edited]);
  CHECK(deleted[withdrawn]);
}

TEST_CASE("sandbox: the settings it writes are settings that damsync takes") {
  const TempDir directory;
  const SandboxConfig config{.file = directory / "damsync.toml",
                             .state = directory / "state",
                             .base_url = "http://127.0.0.1:8765",
                             .token = std::string(kSandboxToken)};
  REQUIRE(write_sandbox_config(config).ok());

  const LoadedSettings loaded = load_settings(config.file);

  REQUIRE_MESSAGE(loaded.ok(), loaded.error().message);
  REQUIRE(loaded.settings.accounts.size() == 1);
  CHECK(loaded.settings.accounts.front().provider.base_url == config.base_url);
  CHECK(loaded.settings.store.root == config.state / "store");
}

}  // namespace damsync
