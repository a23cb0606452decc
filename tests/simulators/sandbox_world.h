#pragma once

#include "tests/simulators/getty_connect_sim.h"
#include "tests/simulators/getty_sim.h"
#include "tests/simulators/shutterstock_sim.h"

namespace damsync {

/// The providers of the sandbox behind one address: their paths tell them apart.
///
/// Threads  may be called from many threads.
class SandboxWorld {
 public:
  /// Fills all three with their demo data.
  void load_demo_data();

  /// The provider that serves this path; for `METHOD /path` patterns of faults, too.
  enum class Place { kNewsroom, kPhotoDesk, kArchive };
  static Place place_of(std::string_view path);

  SimResponse handle(const SimRequest& request);

  void advance(Millis duration);

  ShutterstockSim newsroom;
  GettySim photo_desk;
  GettyConnectSim archive;
};

}  // namespace damsync
