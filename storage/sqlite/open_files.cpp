#include "storage/sqlite/open_files.h"

#include <map>
#include <mutex>
#include <utility>

namespace damsync {
namespace {

using Key = std::pair<std::uint64_t, std::uint64_t>;

struct Book {
  std::mutex mutex;
  std::map<Key, int> connections;
};

Book& book() {
  static Book one;
  return one;
}

Key key_of(const FileIdentity& file) { return {file.device, file.inode}; }

}  // namespace

OpenFiles::Entry::Entry(const FileIdentity& file) : file_(file) {
  const std::lock_guard lock(book().mutex);
  ++book().connections[key_of(file_)];
}

OpenFiles::Entry::~Entry() {
  const std::lock_guard lock(book().mutex);
  const auto found = book().connections.find(key_of(file_));
  if (--found->second == 0) book().connections.erase(found);
}

void OpenFiles::look_if_closed(const std::filesystem::path& path, const std::function<void()>& look) {
  const std::lock_guard lock(book().mutex);
  const auto file = file_identity(path);
  if (!file || !book().connections.contains(key_of(*file))) look();
}

}  // namespace damsync
