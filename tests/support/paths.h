#pragma once

#include <string>

namespace damsync {

/// Where the tests find what they run and read. Only paths.cpp knows the build tree, so that every other object file is
/// the same in every checkout (and in the compiler's cache).
std::string damsync_binary();
std::string sandbox_binary();
std::string source_dir();

}  // namespace damsync
