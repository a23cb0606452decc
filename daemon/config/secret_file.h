#pragma once

#include <string>

#include "storage/base/result.h"
#include "storage/base/secret.h"

namespace damsync {

/// Puts a new secret in the place of the one in `path` (a link's target), mode 0600.
///
/// Errors   kSettings: names the path and the reason, never the content; the old file is untouched then.
/// Durable  when it returns ok; a crash leaves the old or the new file, never a half one.
Status replace_secret_file(const std::string& path, const Secret& secret);

}  // namespace damsync
