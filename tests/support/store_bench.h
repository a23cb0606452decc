#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "storage/files/file_store.h"
#include "storage/files/posix_file_ops.h"
#include "tests/support/temp_dir.h"

namespace damsync {

/// A sealed staged file with these bytes; nothing when some step failed.
inline std::unique_ptr<StagedFile> stage_bytes(FileStore& store, std::string_view bytes) {
  auto staged = store.stage();
  if (!staged || !(*staged)->write(bytes) || !(*staged)->seal()) return nullptr;
  return std::move(*staged);
}

/// Stages and publishes one file.
inline Status publish_bytes(FileStore& store, const std::string& path, std::string_view bytes) {
  const auto staged = stage_bytes(store, bytes);
  if (!staged) return make_error(ErrorCode::kStorage, "staging failed");
  const Publication one{staged.get(), path};
  return store.publish(std::span(&one, 1));
}

template <class Outcome>
std::string code_of(const Outcome& outcome) {
  return outcome.ok() ? "ok" : to_word(outcome.error().code);
}

/// The published tree: path and SHA-256 of every file.
inline std::map<std::string, std::string> published(FileStore& store) {
  std::map<std::string, std::string> out;
  const auto walked = store.walk([&](const std::string& path, const FileInfo&) {
    const auto hashed = store.hash(path);
    out[path] = hashed.ok() && *hashed ? (*hashed)->sha256 : "unreadable";
    return true;
  });
  CHECK(walked.ok());
  return out;
}

/// An open store in a temporary folder.
class StoreBench {
 public:
  StoreBench() { REQUIRE(store.open("store-1", false).ok()); }

 private:
  TempDir dir_;

 public:
  const std::string root = dir_ / "store";
  const std::unique_ptr<FileOps> ops = open_store_root(root).value();
  FileStore store{*ops};

  [[nodiscard]] std::string outside(const std::string& name) const { return dir_ / name; }
};

}  // namespace damsync
