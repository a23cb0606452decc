#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "storage/files/file_ops.h"

namespace damsync {

/// A file system in memory that knows what a power cut would leave: file bytes only as of the last `sync`, names only
/// as of the last `sync_dir` of their folder. Real file systems keep more; code that is right here is right there.
///
/// Threads  one at a time.
class PowerLossFileOps final : public FileOps {
 public:
  /// What else than the synced survives the cut.
  enum class Survivors {
    kOnlySynced,  ///< nothing: the latest writes and renames are lost
    kAllNames,    ///< every name, but unsynced bytes are lost: a renamed file may be empty
    kSomeNames,   ///< of each name either its old or its new state, chosen by a seed
  };

  PowerLossFileOps();
  ~PowerLossFileOps() override;

  /// The file system as found after the power came back; this one stays as it is. Locks are free.
  [[nodiscard]] std::unique_ptr<PowerLossFileOps> after_power_cut(Survivors survivors, std::uint64_t seed = 0) const;
  /// Path and bytes of every file, `.damsync/` included.
  [[nodiscard]] std::map<std::string, std::string> files() const;

  Result<int> create(const std::string& path) override;
  Result<int> open_read(const std::string& path) override;
  Status write(int handle, std::span<const char> bytes) override;
  Result<std::size_t> read(int handle, std::span<char> into) override;
  Status sync(int handle) override;
  Status set_mode(int handle, unsigned mode) override;
  Status close(int handle) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status rename_over(const std::string& from, const std::string& to) override;
  Status link(const std::string& outside, const std::string& to) override;  ///< refused: there is no outside
  Status second_name(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Result<bool> make_dir(const std::string& path) override;
  Status sync_dir(const std::string& path) override;
  Status sync_all() override;
  Result<FileInfo> stat(const std::string& path) override;
  Result<std::vector<std::string>> list_dir(const std::string& path) override;
  Result<int> lock(const std::string& path) override;
  Status check_root() override { return {}; }
  Result<std::int64_t> free_bytes() override { return std::int64_t{1} << 40; }

 private:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  struct Open {
    NodePtr node;
    std::size_t at = 0;
    bool locks = false;
  };

  NodePtr find(const std::string& path) const;
  Result<NodePtr> folder_for(const std::string& path) const;
  int open(NodePtr node, bool locks);

  NodePtr root_;
  std::map<int, Open> open_;
  int next_handle_ = 3;
  std::uint64_t next_inode_ = 2;
};

}  // namespace damsync
