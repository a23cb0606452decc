#pragma once

#include <doctest/doctest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace damsync {

/// The catalog's folder, or the store, on a file system of its own; not there when this is not root.
struct SmallDisk {
  SmallDisk(std::filesystem::path where, const char* size) : path(std::move(where)) {
    std::filesystem::create_directories(path);
    mounted = ::mount("tmpfs", path.c_str(), "tmpfs", 0, size) == 0;
    if (!mounted) MESSAGE("skipped: a small file system needs root and the right to mount");
  }
  ~SmallDisk() {
    if (mounted) ::umount2(path.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Leaves no room at all.
  void fill() const {
    std::ofstream filler(path / "filler", std::ios::binary);
    const std::string piece(4096, 'x');
    while (filler.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) continue;
  }
  void empty() const { std::filesystem::remove(path / "filler"); }

  std::filesystem::path path;
  bool mounted = false;
};

}  // namespace damsync
