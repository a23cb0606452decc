#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/files/file_ops.h"
#include "storage/files/file_store.h"
#include "sync/transfer/media_probe.h"

namespace damsync {

/// One file outside the store, as it was found.
struct SourceFile {
  FileOps* tree = nullptr;
  std::string path;   ///< below the root of `tree`
  std::string shown;  ///< absolute
  FileInfo info;
  std::string fault;  ///< why it cannot be read; empty: a regular file

  [[nodiscard]] std::string name() const;
};

/// The files a person names, found below folders without ever following a symbolic link. The store is left out unless a
/// path in it is named and `offered` picks files of it; no file comes twice.
class SourceTree {
 public:
  /// Whether a file of the store, by its path below the root, is to be taken.
  using StoreFilter = std::function<bool(const std::string& path)>;

  /// `store_root`: absolute; need not exist. `offered` null: no path in the store is taken.
  explicit SourceTree(std::string store_root, StoreFilter offered = nullptr);

  /// Adds a file, or everything below a folder, in path order. What is there but cannot be taken (links, FIFOs,
  /// sockets, devices, folders that may not be read) is added with its fault.
  /// Errors: kUsage when `path` lies in the store and nothing of it is taken. kCancelled.
  Status add(const std::string& path, std::stop_token stop);

  [[nodiscard]] const std::vector<SourceFile>& files() const noexcept { return files_; }

 private:
  void fault(const std::string& path, std::string why);
  Status walk(FileOps& tree, const std::string& root, const std::string& folder, std::stop_token stop);
  void entry(FileOps& tree, const std::string& root, const std::string& path, const FileInfo& info);

  std::string store_root_;
  StoreFilter offered_;
  std::vector<std::unique_ptr<FileOps>> trees_;
  std::vector<SourceFile> files_;
  std::set<std::string> seen_;
};

/// What one pass over a file's bytes found.
struct SourceReading {
  MediaFacts media;
  std::string sha256;
  std::int64_t bytes = 0;
};

/// Reads a whole file once; into `copy` as well, unless that is null.
///
/// Errors   kInvalid: it cannot be read, was cut, or changed meanwhile; those of `copy` (kStorage); kCancelled.
Result<SourceReading> read_source(const SourceFile& file, StagedFile* copy, std::stop_token stop);

/// Removes a file that still is the one found before, and syncs its folder.
Status remove_source(const SourceFile& file);

}  // namespace damsync
