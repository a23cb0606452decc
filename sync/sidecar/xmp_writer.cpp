#include "sync/sidecar/xmp_writer.h"

#include "sync/sidecar/xmp_mapping.h"
#include "sync/sidecar/xmp_packet.h"

namespace damsync {

std::string XmpWriter::file_name_for(const SidecarInput& input) const {
  if (input.file == nullptr || input.file->path.empty()) return {};
  return input.file->path + ".xmp";
}

std::string XmpWriter::write(const SidecarInput& input) const {
  XmpPacket packet;
  map_asset(input, packet);
  map_licenses(input, packet);
  return packet.serialize();
}

}  // namespace damsync
