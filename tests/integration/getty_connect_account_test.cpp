#include <doctest/doctest.h>

#include <algorithm>

#include "daemon/composition.h"
#include "storage/catalog/catalog.h"
#include "storage/sqlite/database.h"
#include "tests/support/connect_account.h"

using namespace damsync;

namespace {

/// The account as a program with a store and a catalog runs it.
struct Archive : ConnectAccount {
  Settings program;

  Archive() {
    program.store.root = dir / "store";
    program.store.min_free = 0;
    program.catalog.path = dir / "catalog.db";
    AccountSettings account;
    account.provider = settings;
    const auto plain = [](const char* text) { return SecretRef{SecretRef::Kind::kPlain, Secret(text), {}, {}}; };
    account.application_key = plain("connect-key");
    account.application_secret = plain("connect-secret");
    account.user_password = plain("archive-password");
    program.accounts.push_back(account);
  }

  AccountSummary sync(const SyncOptions& options = SyncOptions()) {
    auto workspace = options.dry_run ? copy_workspace(program, clock) : open_workspace(program, clock, log);
    if (!workspace) FAIL(workspace.error().message);
    auto run = Composition(program, **workspace, clock, log).sync(options, {});
    if (!run) FAIL(run.error().message);
    return run->accounts.at(0);
  }
  AssetRow asset(const std::string& id) const {
    const auto db = Database::open(dir / "catalog.db", OpenMode::kRead).value();
    const auto row = Catalog(*db).find_asset("archive", id);
    REQUIRE(row);
    return *row;
  }
  void edit(const std::string& id, const std::function<void(ConnectSimImage&)>& change) {
    sim.edit([&](ConnectState& state) { change(state.images[id]); });
  }
};

}  // namespace

TEST_CASE_FIXTURE(Archive, "getty connect account: what the file lists is described, edits and withdrawals are seen") {
  edit("51", [](ConnectSimImage& image) { image.restrictions = {"No use in Japan."}; });
  CHECK_FALSE(sync().error);
  CHECK(asset("51").title == "Picture 51");
  CHECK(asset("51").metadata.find("No use in Japan.") != std::string::npos);
  CHECK(asset("51").raw.find("\"ImageId\":\"51\"") != std::string::npos);

  const auto asked = calls("GET /api/images/{id}");
  CHECK_FALSE(sync().error);
  CHECK(calls("GET /api/images/{id}") == asked);

  edit("52", [](ConnectSimImage& image) { image.restrictions = {"Editorial use only."}; });
  edit("53", [](ConnectSimImage& image) { image.withdrawn = true; });
  advance(std::chrono::hours(24 * 25));
  const auto summary = sync();
  CHECK(summary.assets_updated == 1);
  CHECK(summary.assets_withdrawn == 1);
  CHECK(asset("52").metadata.find("Editorial use only.") != std::string::npos);
  CHECK(asset("53").state == AssetState::kWithdrawn);
  CHECK(asset("53").title == "Picture 53");
  CHECK(summary.calls_spending == 0);
}

TEST_CASE_FIXTURE(
    Archive,
    "P1 getty connect account: a line that is no id is set aside until it is mended, the others are mirrored") {
  list("51\nno id at all\n52 # fine\n");
  auto summary = sync();
  CHECK_FALSE(summary.error);
  CHECK(summary.items_rejected == 1);
  CHECK(asset("52").state == AssetState::kActive);
  CHECK(sync().items_rejected == 1);
  list("51\nno id at all\n52 # fine\n53\n");
  CHECK(sync().items_rejected == 1);
  CHECK(asset("53").state == AssetState::kActive);
  list("51\n52 # fine\n53\n");
  CHECK(sync().items_rejected == 0);
}

TEST_CASE_FIXTURE(Archive, "P1 getty connect account: what is wrong in the list is told until it is mended") {
  const auto set_aside = [&] {
    const auto db = Database::open(dir / "catalog.db", OpenMode::kRead).value();
    std::string keys;
    for (const auto& row : Catalog(*db).pending("archive", PendingKind::kRejected)) keys += row.key + ";";
    return keys;
  };
  list("51\nno id at all\n59\n");
  const auto summary = sync();
  CHECK(summary.assets_withdrawn == 0);
  CHECK(asset("59").state == AssetState::kUnknown);
  CHECK(set_aside() == "asset 59;assets_file entry no id at all;");
  sync();
  CHECK(set_aside() == "asset 59;assets_file entry no id at all;");
  list("51\n59\n");
  sync();
  CHECK(set_aside() == "asset 59;");
  list("51\n");
  sync();
  CHECK(set_aside().empty());
}

TEST_CASE_FIXTURE(Archive,
                  "getty connect account: a missing assets file is named, and what is known is still looked at") {
  sync();
  std::filesystem::remove(settings.assets_file);
  edit("52", [](ConnectSimImage& image) { image.title = "Edited"; });
  SyncOptions everything;
  everything.full = true;
  const auto summary = sync(everything);
  REQUIRE(summary.error);
  CHECK(summary.error->code == ErrorCode::kSettings);
  CHECK(asset("52").title == "Edited");
}

TEST_CASE_FIXTURE(Archive,
                  "getty connect account: a login that is refused is noticed within a day, when nothing is due") {
  CHECK_FALSE(sync().error);
  const auto tokens = calls("POST /api/token");
  sim.edit([](ConnectState& state) { state.users["archive-user"] = "another-password"; });
  advance(std::chrono::hours(23));
  CHECK_FALSE(sync().error);
  CHECK(calls("POST /api/token") == tokens);
  for (int hours : {1, 1}) {
    advance(std::chrono::hours(hours));
    const auto summary = sync();
    REQUIRE(summary.error);
    CHECK(summary.error->code == ErrorCode::kUnauthorized);
  }
  sim.edit([](ConnectState& state) { state.users["archive-user"] = "archive-password"; });
  advance(std::chrono::hours(1));
  CHECK_FALSE(sync().error);
  CHECK(calls("POST /api/token") == tokens + 3);
  CHECK_FALSE(sync().error);
  CHECK(calls("POST /api/token") == tokens + 3);
}

TEST_CASE("getty connect account: tokens are shown in every way the service may want") {
  using Form = ConnectSwitches::TokenForm;
  using Algorithm = ConnectSwitches::Algorithm;
  for (const auto& switches : {ConnectSwitches{},
                               {.algorithm = Algorithm::kSha256, .nonce_uses = 1, .images_in_envelope = false},
                               {.nonce_uses = 2, .duration_as_text = true, .errors_in_array = false},
                               {.token_form = Form::kHeader}}) {
    ConnectAccount account;
    account.sim.edit([&](ConnectState& state) { state.switches = switches; });
    for (int round = 0; round < 3; ++round) {
      const auto described = account.provider().describe(std::vector<std::string>{"51", "52", "53", "999"}, {});
      REQUIRE_MESSAGE(described.ok(), described.error().message);
      CHECK(described->assets.size() == 3);
      CHECK(described->absent == std::vector<std::string>{"999"});
      account.advance(std::chrono::minutes(26));
    }
    CHECK(account.calls("POST /api/token") == 3);
    account.sim.edit([](ConnectState& state) { state.tokens.clear(); });  // as after a restart of the service
    account.advance(std::chrono::minutes(2));
    CHECK(account.provider().recheck("51", "", {}).ok());
  }
}

TEST_CASE("getty connect account: wrong credentials are named, and 400 concerns one asset") {
  ConnectAccount wrong;
  wrong.settings.user_password = Secret("wrong-password");
  const auto refused = wrong.provider().describe(std::vector<std::string>{"51"}, {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kUnauthorized);
  CHECK(refused.error().message.find("not recognized") != std::string::npos);
  CHECK(refused.error().message.find("wrong-password") == std::string::npos);
  CHECK(wrong.calls("POST /api/token") == 1);

  ConnectAccount account;
  account.sim.faults().once("GET /api/images/52", fault::status(400, R"([{"status":400,"error":"malformed"}])"));
  const auto described = account.provider().describe(std::vector<std::string>{"51", "52", "53"}, {});
  REQUIRE(described.ok());
  CHECK(described->assets.size() == 2);
  REQUIRE(described->rejected.size() == 1);
  CHECK(described->rejected[0].reason == "GET /api/images/52: HTTP 400: malformed");
  CHECK(account.sim.faults().unfired().empty());
}

TEST_CASE("P1 getty connect account: an answer that cannot be used concerns its asset alone") {
  ConnectAccount account;
  account.sim.edit([](ConnectState& state) {
    state.images["51"].fields.set("ImageId", "52");
    state.images["52"].fields.set("Restrictions", "none");
  });
  const auto described = account.provider().describe(std::vector<std::string>{"51", "52", "53"}, {});
  REQUIRE_MESSAGE(described.ok(), described.error().message);
  REQUIRE(described->assets.size() == 1);
  CHECK(described->assets[0].asset_id == "53");
  REQUIRE(described->rejected.size() == 2);
  CHECK(described->rejected[0].reason == "GET /api/images/51: the answer is about asset 52");
  CHECK(described->rejected[1].reason == "GET /api/images/52: Restrictions: is a string, not an array");
}

TEST_CASE("getty connect account: answers that are none are retryable errors") {
  for (const auto& action :
       {fault::html_page(), fault::cut_body(20), fault::empty_body(), fault::content("{}", "application/json")}) {
    ConnectAccount account;
    account.sim.faults().always("GET /api/images/*", action);
    CAPTURE(action.name);
    const auto described = account.provider().describe(std::vector<std::string>{"51"}, {});
    REQUIRE_FALSE(described.ok());
    CHECK(described.error().retry != Retry::kNever);
  }
}

TEST_CASE("getty connect account: there are no files, and nothing is spent") {
  ConnectAccount account;
  const auto source = account.provider().refetch({}, {});
  REQUIRE_FALSE(source.ok());
  CHECK(source.error().code == ErrorCode::kGone);
  CHECK(source.error().message == "this interface has metadata only, no files");
  CHECK(account.provider().may_acquire({}, {}, {}).error().code == ErrorCode::kRefusedByPolicy);
  CHECK(account.calls("GET /api/images/{id}") == 0);
}

TEST_CASE("getty connect account: a long list comes in pages, each id once") {
  ConnectAccount account;
  std::string text;
  for (int i = 0; i < 4'500; ++i) text += std::to_string(10'000 + i) + "\n";
  account.list(text + "bad line\n");
  const KnownAssets known(std::vector<std::string>{"10000", "12001"});
  std::vector<std::string> listed;
  std::size_t rejected = 0;
  std::string cursor = "end";
  for (int pages = 0;; ++pages) {
    REQUIRE(pages < 5);
    const auto page = account.provider().poll({"assets", cursor, &known, false}, {});
    REQUIRE(page.ok());
    listed.insert(listed.end(), page->listed.begin(), page->listed.end());
    rejected += page->rejected.size();
    cursor = page->next;
    if (page->last) break;
  }
  CHECK(listed.size() == 4'498);
  CHECK(std::is_sorted(listed.begin(), listed.end()));
  CHECK(std::adjacent_find(listed.begin(), listed.end()) == listed.end());
  CHECK(rejected == 1);
}
