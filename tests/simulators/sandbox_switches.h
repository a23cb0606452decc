#pragma once

#include <string>

#include "tests/simulators/getty_connect_sim.h"
#include "tests/simulators/getty_model.h"
#include "tests/simulators/shutterstock_model.h"

namespace damsync {

/// The switches of all providers of the sandbox.
struct SandboxSwitches {
  ShutterstockSwitches newsroom;
  GettySwitches photo_desk;
  ConnectSwitches archive;
};

/// Sets one switch, those of the other accounts by `photo-desk.NAME` and `archive.NAME`; false when there is none of
/// that name or the value does not fit.
bool apply_switch(SandboxSwitches& switches, const std::string& name, const std::string& value);

}  // namespace damsync
