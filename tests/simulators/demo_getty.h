#pragma once

#include <map>
#include <string>

#include "tests/simulators/demo_data.h"
#include "tests/simulators/getty_connect_sim.h"
#include "tests/simulators/getty_sim.h"

namespace damsync {

/// Fills `state` with a photo desk's account: 60 downloads of the three calendar years before `now` by three people, of
/// 48 images, editorial ones among them, texts in several scripts, downloads that nothing tells apart, notes and
/// project codes, a product of the other brand, and a queue of asset changes. The same year, the same data.
void load_getty_demo(GettyState& state, UtcTime now);

/// Files that the desk has on disk from before, by their names at the service: of its older ids, as they are delivered.
std::map<std::string, std::string> getty_demo_files(const GettyState& state);

/// Applies one step at `now`, where it means something here (licenses never vanish), and tells what it touched as
/// `mutate_demo`.
Json mutate_getty_demo(GettyState& state, UtcTime now, DemoStep step);

/// Fills `state` with an archive of 12 old pictures.
void load_connect_demo(ConnectState& state);

/// The assets file that goes with `load_connect_demo`.
std::string connect_demo_list();

/// As `mutate_getty_demo`; nothing is licensed here.
Json mutate_connect_demo(ConnectState& state, DemoStep step);

}  // namespace damsync
