#include "tests/contract/provider_suite.h"
#include "tests/support/getty_account.h"

using namespace damsync;

namespace {

/// 150 downloads of three images over two months, and two changes to be confirmed.
class GettyWorld final : public ProviderWorld {
 public:
  GettyWorld() {
    const UtcTime now = account_.clock.utc();
    for (int i = 0; i < 150; ++i)
      account_.add_download({.id = std::to_string(11 + i % 3), .time = now - std::chrono::hours(9 * i + 3)});
    account_.sim.edit([&](GettyState& state) {
      GettySimChannel channel;
      channel.queue.push_back({.id = "12", .lifecycle = "Update", .time = now - std::chrono::hours(5)});
      channel.queue.push_back({.id = "5000", .lifecycle = "Delete", .time = now - std::chrono::hours(4)});
      state.channels.push_back(channel);
    });
  }

  Provider& provider() override { return account_.provider(); }
  std::vector<std::string> licensed_assets() const override { return {"11", "12", "13"}; }
  std::string unknown_asset() const override { return "999"; }
  void set_down(bool down) override {
    account_.sim.faults().clear();
    if (down) account_.sim.faults().always("*", fault::status(503));
    account_.clock.advance(std::chrono::minutes(2));  // the token endpoint is not asked twice within a minute
  }
  int spending_calls() const override {
    return static_cast<int>(account_.sim.books().executions.size() + account_.sim.books().purchases);
  }

 private:
  GettyAccount account_;
};

}  // namespace

TEST_CASE("provider: Getty Images keeps what every provider keeps") {
  GettyWorld world;
  check_provider(world);
}
