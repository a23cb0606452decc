#pragma once

#include <filesystem>

#include "storage/base/result.h"

namespace damsync {

/// The name by which commands find the daemon of a catalog: `<catalog>.sock`. With `$RUNTIME_DIRECTORY` that is a link
/// to the socket `control.sock` there.
std::filesystem::path control_path(const std::filesystem::path& catalog);

/// Listens there; the descriptor. What a process before us left behind is replaced: call it only with the state lock.
/// The socket's mode is 0660, so that the group may ask how things stand, too. Errors: kStorage.
Result<int> listen_for_commands(const std::filesystem::path& catalog);
/// Takes the name away, and the socket.
void unlink_control_socket(const std::filesystem::path& catalog) noexcept;

/// A connection to the daemon of that catalog; the descriptor. Waits five seconds at most.
/// Errors   kNotFound: nobody listens there; kLocked: somebody does, and does not take us.
Result<int> connect_to_daemon(const std::filesystem::path& catalog);

}  // namespace damsync
