#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sync/http/poco_transport.h"
#include "sync/providers/getty/getty_provider.h"
#include "tests/crash/every_nth.h"
#include "tests/support/crash_child.h"
#include "tests/support/raw_server.h"
#include "tests/support/spend_bench.h"
#include "tests/support/temp_dir.h"

// What is compared here at every point: how often the provider executed a spending call, by its own books, and what our
// ledger says. The mutants of this file (no row before the call; a second call after silence) must fail by PAID TWICE.

namespace damsync {
namespace {

namespace fs = std::filesystem;

void check_paid_once(std::int64_t executions, std::int64_t claims, const std::string& where) {
  CHECK_MESSAGE(executions <= 1, "PAID TWICE ", where);
  CHECK_MESSAGE(claims == executions, where);
}

long count_lines(const std::string& file) {
  std::ifstream in(file);
  long lines = 0;
  for (std::string line; std::getline(in, line);) ++lines;
  return lines;
}

/// How the provider treats the first process.
enum class Answer { kGiven, kLost, kNeverExecuted };

/// One license of one asset, in a folder that outlives the processes.
struct World {
  explicit World(std::string folder) : dir(std::move(folder)) {
    provider.charge_for_files(dir + "/books");
    provider.add("1", "l-1");
  }
  void answer(Answer how) {
    const Error silence = make_error(ErrorCode::kUnknownOutcome, "no answer");
    if (how == Answer::kLost)
      provider.spend_answer = [=](const License&, const DownloadSource&) -> Result<DownloadSource> { return silence; };
    if (how == Answer::kNeverExecuted)
      provider.fault = [=](const std::string& call, const std::string&) {
        return call == "acquire" ? std::optional(silence) : std::nullopt;
      };
  }
  /// One cycle of a process that starts `later` than the first.
  void cycle(Millis later) {
    clock.advance(later);
    SpendBench bench(dir, provider, clock);
    if (auto settled = bench.settle(); !settled) throw std::runtime_error(settled.error().message);
    (void)bench.acquire("l-1");
  }

  std::string dir;
  FakeClock clock;
  ScriptedProvider provider;
};

void prepare(const std::string& dir) {
  World world(dir);
  SpendBench(dir, world.provider, world.clock).hold(world.provider.history);
}

int cycle_in_child(const std::string& dir, Answer how, Millis later, long at, const std::string& log = "") {
  const auto one_cycle = [&] {
    World world(dir);
    world.answer(how);
    world.cycle(later);
  };
  return in_child(at, one_cycle, log);
}

/// Cycles without a crash until everything is settled.
void converge(const std::string& dir, Millis from) {
  for (int i = 0; i < 4; ++i) {
    World world(dir);
    world.cycle(from + i * (kSettleTime + std::chrono::minutes(1)));
  }
}

void check_books(const std::string& dir, const std::string& where) {
  World world(dir);
  SpendBench bench(dir, world.provider, world.clock);
  check_paid_once(world.provider.executions("1"), bench.claims(), where);
  CHECK_MESSAGE(bench.ledger.open_rows("newsroom").empty(), where);
  CHECK_MESSAGE(world.provider.executions("1") == 1, where);
}

void crash_twice_everywhere(Answer how) {
  const TempDir before;
  prepare(before.path().string());
  const TempDir scratch;
  const auto fresh = [&](const fs::path& from, const std::string& name) {
    const auto to = scratch.path() / name;
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
    return to.string();
  };
  constexpr Millis kNow{60'000};
  const std::string log = scratch / "points.log";
  REQUIRE(cycle_in_child(fresh(before.path(), "clean"), how, kNow, 0, log) == 0);
  const long points = count_lines(log);
  REQUIRE(points >= 6);
  for (long at = 1; at <= points; ++at) {
    const auto crashed = fresh(before.path(), "crashed");
    REQUIRE(cycle_in_child(crashed, how, kNow, at) == kCrashed);
    const auto once = fresh(crashed, "once");
    converge(once, 2 * kNow);
    check_books(once, fmt::format("after a crash at point {} of {}", at, points));
    for (const long again : points_up_to(4, 3, 1)) {  // and once more on the way back
      const auto twice = fresh(crashed, "twice");
      (void)cycle_in_child(twice, Answer::kGiven, 2 * kNow, again);
      converge(twice, 3 * kNow);
      check_books(twice, fmt::format("after crashes at points {} and {}", at, again));
    }
  }
}

/// Passes calls on with a short deadline for those that spend.
class Impatient final : public HttpTransport {
 public:
  explicit Impatient(HttpTransport& next) : next_(next) {}
  Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) override {
    HttpRequest hurried = request;
    if (request.effect == Effect::kSpends) hurried.deadline = Millis(300);
    return next_.send(hurried, sink, std::move(stop));
  }

 private:
  HttpTransport& next_;
};

/// A Getty service on a socket that keeps books. What it does with a spending call is the test's.
class Service {
 public:
  using Pay = std::function<void(RawPeer&, const std::string& asset)>;

  explicit Service(Pay pay) : pay_(std::move(pay)), server_([this](RawPeer& peer) { play(peer); }) {}

  void execute(const std::string& asset) {
    const std::lock_guard lock(mutex_);
    ++executions_[asset];
  }
  std::int64_t executions(const std::string& asset) {
    const std::lock_guard lock(mutex_);
    return executions_[asset];
  }
  [[nodiscard]] std::string url(std::string_view target = "/") const { return server_.url(target); }

  static std::string http(const std::string& status, const std::string& body, const std::string& more = "") {
    return fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n{}", status,
        more, body.size(), body);
  }

 private:
  void play(RawPeer& peer) {
    const std::string request = peer.read_request();
    const auto target = request.substr(0, request.find(" HTTP/"));
    constexpr std::string_view kPost = "POST /v3/downloads/images/";
    constexpr std::string_view kHistory = "GET /v3/images/";
    if (target.starts_with(kPost)) {
      pay_(peer, target.substr(kPost.size(), target.find('?') - kPost.size()));
    } else if (target.starts_with(kHistory)) {
      const auto asset = target.substr(kHistory.size(), target.find('/', kHistory.size()) - kHistory.size());
      std::string rows = "{}";
      for (std::int64_t i = executions(asset); i > 0; --i) rows += ",{}";
      peer.send(http("200 OK", R"({"downloads":[)" + rows + "]}"));
    } else {
      peer.send(http("200 OK", R"({"products":[{"id":1,"type":"pa","status":"active","downloads_remaining":999}]})"));
    }
  }

  Pay pay_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> executions_;
  RawServer server_;
};

/// A guard over the real transport and the real provider; every asset has one license, `l-<asset>`.
struct Wire {
  Wire(Service& books, const std::vector<std::string>& assets)
      : service(books),
        sockets(open_sockets(books)),
        hurried(*sockets),
        provider(settings(books), hurried, clock, nullptr),
        bench(dir.path().string(), provider, clock) {
    std::vector<License> licenses;
    for (const auto& asset : assets) {
      License license;
      license.license_id = "l-" + asset;
      license.asset_id = asset;
      license.license_type = "pa";
      license.format = "jpg";
      license.raw = "{}";
      licenses.push_back(license);
    }
    bench.hold(licenses);
    clock.advance(std::chrono::minutes(1));
  }

  /// Asks, then lives through two more cycles; whether the first answer gave the address.
  bool pay_and_settle(const std::string& asset) {
    bench.brake.release();  // what was lost with the assets before is not what this is about
    const bool answered = bench.acquire("l-" + asset).ok();
    for (int i = 0; i < 2; ++i) {
      REQUIRE(bench.settle().ok());
      clock.advance(kSettleTime + std::chrono::minutes(1));
    }
    (void)bench.acquire("l-" + asset);
    std::int64_t claims = 0;
    for (const auto& row : bench.ledger.of_asset("scripted", asset)) claims += row.claims() ? 1 : 0;
    check_paid_once(service.executions(asset), claims, "asset " + asset);
    return answered;
  }

  static std::unique_ptr<HttpTransport> open_sockets(const Service& books) {
    TransportSettings transport;
    transport.base_url = *Url::parse(books.url());
    return std::move(*make_poco_transport(std::move(transport)));
  }
  static GettySettings settings(const Service& books) {
    GettySettings account;
    account.account = "newsroom";
    account.base_url = *Url::parse(books.url());
    account.api_key = Secret("key");
    return account;
  }

  Service& service;
  TempDir dir;
  FakeClock clock;
  std::unique_ptr<HttpTransport> sockets;
  Impatient hurried;
  GettyProvider provider;
  SpendBench bench;
};

const std::string kPaidReply =
    Service::http("200 OK", R"({"uri":"https://delivery.gettyimages.com/xa/83454804.jpg?k=1"})");

}  // namespace

TEST_CASE("I5 Q1 G3 spend crash: a process that ends at any point around a spending call never pays twice") {
  crash_twice_everywhere(Answer::kGiven);
}

TEST_CASE("I5 Q1 G3 spend crash: nor when the answer was lost") { crash_twice_everywhere(Answer::kLost); }

TEST_CASE("I5 Q1 G3 spend crash: a call that was never executed is asked again only when the history has shown it") {
  crash_twice_everywhere(Answer::kNeverExecuted);
}

TEST_CASE("I5 Q1 spend wire: an answer that is cut at any byte is settled, never asked for again") {
  std::vector<std::string> assets;
  for (std::size_t cut = 0; cut <= kPaidReply.size(); ++cut) assets.push_back(std::to_string(cut));
  Service service([&](RawPeer& peer, const std::string& asset) {
    service.execute(asset);
    peer.send(kPaidReply.substr(0, std::stoul(asset)));
  });
  Wire wire(service, assets);
  int answered = 0;
  for (const auto& asset : assets) answered += wire.pay_and_settle(asset) ? 1 : 0;
  CHECK(answered == 1);
}

TEST_CASE("T24 Q1 R8 spend wire: whatever is answered, the provider's count and the ledger agree") {
  std::string elsewhere;
  const std::map<std::string, Service::Pay> ways = {
      {"reset", [](RawPeer& peer, const std::string&) { peer.reset(); }},
      {"silence", [](RawPeer& peer, const std::string&) { peer.hold(); }},
      {"500",
       [](RawPeer& peer, const std::string&) {
         peer.send(Service::http("500 Server Error", R"({"ErrorCode":"SystemError","ErrorMessage":"x"})"));
       }},
      {"503",
       [](RawPeer& peer, const std::string&) { peer.send(Service::http("503 Busy", "", "Retry-After: 1\r\n")); }},
      {"html", [](RawPeer& peer, const std::string&) { peer.send(Service::http("200 OK", "<html>hello</html>")); }},
      {"nouri", [](RawPeer& peer, const std::string&) { peer.send(Service::http("200 OK", "{}")); }},
      {"303",
       [&](RawPeer& peer, const std::string& a) {
         peer.send(Service::http("303 See Other", "", "Location: " + elsewhere + a + "\r\n"));
       }},
      {"307",
       [&](RawPeer& peer, const std::string& a) {
         peer.send(Service::http("307 Temporary Redirect", "", "Location: " + elsewhere + a + "\r\n"));
       }},
  };
  Service service([&](RawPeer& peer, const std::string& asset) {
    const bool executes = !asset.starts_with("unheard-");
    const auto& way = ways.at(executes ? asset : asset.substr(8));
    const bool first = service.executions("seen-" + asset) == 0;
    service.execute("seen-" + asset);
    if (executes || !first) service.execute(asset);
    if (executes || first) return way(peer, asset);
    peer.send(kPaidReply);
  });
  elsewhere = service.url("/v3/downloads/images/");
  std::vector<std::string> assets;
  for (const auto& way : ways) {
    assets.push_back(way.first);
    assets.push_back("unheard-" + way.first);  // not executed the first time
  }
  Wire wire(service, assets);
  for (const auto& asset : assets) {
    CHECK_FALSE(wire.pay_and_settle(asset));
    CHECK(service.executions(asset) == 1);
  }
}

}  // namespace damsync
