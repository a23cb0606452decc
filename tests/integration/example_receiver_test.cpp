#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string_view>
#include <thread>

#include "sync/deliver/webhook.h"
#include "tests/integration/hook_desk.h"
#include "tests/support/paths.h"

namespace damsync {
namespace {

constexpr std::string_view kListening = "listening on ";

std::vector<std::string> lines_in(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The example with this secret, listening; its lines go to a file.
class Example {
 public:
  Example(const std::string& secret, std::string output)
      : output_(std::move(output)),
        program_(ProgramCall{{"/usr/bin/env", "python3", source_dir() + "/sync/deliver/example_receiver.py", "0"},
                             {{"WEBHOOK_SECRET", secret}},
                             output_}) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (lines_in(output_).empty() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    REQUIRE(!lines_in(output_).empty());
  }

  [[nodiscard]] std::string port() const { return lines_in(output_).front().substr(kListening.size()); }
  /// What it took.
  [[nodiscard]] std::vector<std::string> events() const {
    auto lines = lines_in(output_);
    lines.erase(lines.begin());
    return lines;
  }

 private:
  const std::string output_;
  Program program_;
};

/// Event number `number` of an asset of its own caller.
Event event_of(int caller, int number, const std::string& account = "newsroom") {
  Event out;
  out.change.id = fmt::format("msg_{}_{}_{}", account, caller, number);
  out.body = fmt::format(
      R"({{"id":"{}","source":"damsync:/shutterstock/{}","type":"org.damsync.asset.stored.v1","subject":"shutterstock:{}","data":{{"revision":{},"fields":["title","file"]}}}})",
      out.change.id, account, caller, number);
  return out;
}

std::unique_ptr<Receiver> webhook_to(const Example& example, const Secret& secret, const Clock& clock) {
  WebhookTarget target;
  target.url = Url::parse("http://127.0.0.1:" + example.port() + "/").value();
  target.own_network = OwnNetwork::kAllowed;
  target.secret = secret;
  return make_webhook(target, clock).value();
}

}  // namespace

TEST_CASE("example receiver: an asset that two accounts hold has revisions of its own in each") {
  const TempDir dir;
  const SystemClock clock;
  const Secret secret(HookDesk::new_secret('k'));
  const Example example(secret.reveal(), dir / "received");
  const auto webhook = webhook_to(example, secret, clock);
  webhook->send(event_of(7, 5, "newsroom"), {});
  webhook->send(event_of(7, 1, "archive"), {});
  webhook->send(event_of(7, 4, "newsroom"), {});
  CHECK(example.events().size() == 2);
}

TEST_CASE("example receiver: calls that come in parallel are taken one at a time") {
  constexpr int kCallers = 8, kEvents = 25;
  const TempDir dir;
  const Secret secret(HookDesk::new_secret('k'));
  const Example example(secret.reveal(), dir / "received");
  const SystemClock clock;
  const auto webhook = webhook_to(example, secret, clock);
  {
    std::vector<std::jthread> callers;
    for (int caller = 1; caller <= kCallers; ++caller)
      callers.emplace_back([&webhook, caller] {
        for (int number = 1; number <= kEvents; ++number) webhook->send(event_of(caller, number), {});
      });
  }
  auto taken = example.events();
  std::vector<std::string> expected;
  for (int caller = 1; caller <= kCallers; ++caller)
    for (int number = 1; number <= kEvents; ++number)
      expected.push_back(fmt::format("org.damsync.asset.stored.v1 shutterstock:{} {} title,file", caller, number));
  std::sort(taken.begin(), taken.end());
  std::sort(expected.begin(), expected.end());
  CHECK(taken == expected);
}

TEST_CASE_FIXTURE(HookDesk, "example receiver: verifies what the program sends, and takes each event once") {
  const auto connect = [&](const Example& example) {
    desk.write_file("conf.d/hooks.toml", "[[webhook]]\nname = \"cms\"\nurl = \"http://127.0.0.1:" + example.port() +
                                             "/\"\nsecret = { file = \"" + (desk.dir / "hook-secret") + "\" }\n");
  };
  const Example stranger(new_secret('x'), desk.dir / "refused");
  connect(stranger);
  desk.sync();
  CHECK(stranger.events().empty());
  CHECK(holds(text(receiver(), "reason"), "answered 401"));

  const Example example(new_secret('x') + " " + secret, desk.dir / "received");
  connect(example);
  deliveries({"retry", "--all"});
  deliveries({"run"});
  const auto events = example.events();
  CHECK(events.size() == feed().size());
  CHECK(std::count_if(events.begin(), events.end(), [](const std::string& line) {
          return line.starts_with("org.damsync.asset.stored.v1 shutterstock:");
        }) == 3);
  deliveries({"replay", "--since", "0"});
  deliveries({"run"});
  CHECK(example.events().size() == events.size());
}

}  // namespace damsync
