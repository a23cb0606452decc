#pragma once

#include "storage/base/json.h"
#include "sync/providers/getty/getty_wire.h"

namespace damsync::getty_connect {

/// An image as `GET /api/images/:id` shows it, checked, with the words of the newer interface, so that an asset reads
/// the same wherever it came from: members without PascalCase, dates as RFC 3339, words of licensing in lower case.
getty::Checked<getty::ImageWire> read_image(const Json& item);

}  // namespace damsync::getty_connect
