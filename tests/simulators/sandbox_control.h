#pragma once

#include <optional>
#include <string>

#include "tests/simulators/demo_data.h"
#include "tests/simulators/sandbox_world.h"

namespace damsync {

/// The control endpoints below `/_sandbox/`, for people and scripts with curl; see README.md.
///
/// Threads  may be called from many threads.
class SandboxControl {
 public:
  explicit SandboxControl(SandboxWorld& world) : world_(world), sim_(world.newsroom) {}

  /// The answer to a control request; nothing when the request is for the provider.
  std::optional<SimResponse> handle(const SimRequest& request);

 private:
  SimResponse mutate(const SimRequest& request);
  SimResponse clock(const SimRequest& request);
  SimResponse add_faults(const SimRequest& request);
  SimResponse show_faults();
  SimResponse set_switches(const SimRequest& request);
  SimResponse list_urls(const SimRequest& request);

  Json step(DemoStep step, Json& photo_desk, Json& archive);
  SimResponse show_books();
  FaultScript& faults_of(const std::string& route);

  SandboxWorld& world_;
  ShutterstockSim& sim_;
};

/// Reads `90s`, `15m`, `8h`, `10d`, also negative; nothing for any other text.
std::optional<Millis> parse_advance(std::string_view text);

}  // namespace damsync
