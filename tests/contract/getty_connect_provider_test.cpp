#include "tests/contract/provider_suite.h"
#include "tests/support/connect_account.h"

using namespace damsync;

namespace {

/// Three listed assets at a service without licenses.
class ConnectWorld final : public ProviderWorld {
 public:
  Provider& provider() override { return account_.provider(); }
  std::vector<std::string> licensed_assets() const override { return {"51", "52", "53"}; }
  std::string unknown_asset() const override { return "999"; }
  void set_down(bool down) override {
    account_.sim.faults().clear();
    if (down) account_.sim.faults().always("*", fault::status(503));
    account_.advance(std::chrono::minutes(2));  // tokens are not asked for twice within a minute
  }
  int spending_calls() const override { return static_cast<int>(account_.sim.books().purchases); }

 private:
  ConnectAccount account_;
};

}  // namespace

TEST_CASE("provider: Getty Connect keeps what every provider keeps") {
  ConnectWorld world;
  check_provider(world);
}
