#pragma once

#include <string_view>

#include "storage/base/json.h"

namespace damsync {

/// Reads back JSON that the catalog wrote itself; numbers keep their text. Text from outside is read by
/// `sync/http/json_reader.h` instead.
///
/// Errors   throws `DatabaseError` (kDamaged) for anything that is not JSON.
Json parse_stored_json(std::string_view text);

}  // namespace damsync
