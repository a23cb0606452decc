#pragma once

#include <string>

#include "storage/base/result.h"
#include "storage/base/secret.h"

namespace damsync {

/// Puts a new secret in the place of the one in `path` (a link's target), mode 0600.
/// The file keeps its owner when root writes it, and what is root's its mode 0640 for another group, so that the daemon
/// can still read it.
///
/// Errors   kSettings: names the path and the reason, never the content; the old file is untouched then.
/// Durable  when it returns ok; a crash leaves the old or the new file, never a half one.
Status replace_secret_file(const std::string& path, const Secret& secret);

/// The same, and makes the file when there is none; it then belongs to the owner of its folder.
Status store_secret_file(const std::string& path, const Secret& secret);

/// Whether `store_secret_file` could write there, as far as can be told without writing. Errors: kSettings.
Status check_secret_place(const std::string& path);

}  // namespace damsync
