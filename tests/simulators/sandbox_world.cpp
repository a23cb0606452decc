#include "tests/simulators/sandbox_world.h"

#include "tests/simulators/demo_data.h"
#include "tests/simulators/demo_getty.h"

namespace damsync {

void SandboxWorld::load_demo_data() {
  const UtcTime now = newsroom.now();
  newsroom.edit([&](ShutterstockState& state) { load_demo(state, now); });
  photo_desk.edit([&](GettyState& state) { load_getty_demo(state, now); });
  archive.edit([&](ConnectState& state) { load_connect_demo(state); });
}

SandboxWorld::Place SandboxWorld::place_of(std::string_view path) {
  for (const std::string_view start : {"/v3/", "/oauth2/", "/delivery/"})
    if (path.starts_with(start)) return Place::kPhotoDesk;
  return path.starts_with("/api/") ? Place::kArchive : Place::kNewsroom;
}

SimResponse SandboxWorld::handle(const SimRequest& request) {
  switch (place_of(request.path)) {
    case Place::kPhotoDesk: return photo_desk.handle(request);
    case Place::kArchive: return archive.handle(request);
    case Place::kNewsroom: break;
  }
  return newsroom.handle(request);
}

void SandboxWorld::advance(Millis duration) {
  newsroom.advance(duration);
  photo_desk.advance(duration);
  archive.advance(duration);
}

}  // namespace damsync
