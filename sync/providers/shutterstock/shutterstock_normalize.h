#pragma once

#include <map>
#include <string>

#include "storage/model/asset.h"
#include "storage/model/license.h"
#include "sync/providers/shutterstock/shutterstock_wire.h"

namespace damsync::shutterstock {

using CategoryNames = std::map<std::string, std::string>;

/// The row in our terms. Pure.
License normalize(LicenseWire row);

/// The image in our terms: no rendition URLs, no file sizes. Categories without a name of their own are looked up in
/// `names`; where that has none, the id stands. Pure.
AssetMetadata normalize(ImageWire image, const CategoryNames& names);

/// True when a category came without its name.
bool lacks_category_names(const ImageWire& image);

}  // namespace damsync::shutterstock
