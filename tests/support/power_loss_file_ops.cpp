#include "tests/support/power_loss_file_ops.h"

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "storage/files/folders.h"

namespace damsync {

struct PowerLossFileOps::Node {
  bool directory = false;
  std::uint64_t inode = 0;
  unsigned mode = 0600;
  bool locked = false;
  std::string bytes, durable_bytes;
  std::map<std::string, NodePtr> names, durable_names;
};

namespace {

std::string name_in(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Error missing(const std::string& path) { return make_error(ErrorCode::kNotFound, path + ": no such file"); }
Error in_the_way(const std::string& path) { return make_error(ErrorCode::kInvalid, path + ": in the way"); }

}  // namespace

PowerLossFileOps::PowerLossFileOps() : root_(std::make_shared<Node>()) {
  root_->directory = true;
  root_->inode = 1;
}

PowerLossFileOps::~PowerLossFileOps() = default;

std::unique_ptr<PowerLossFileOps> PowerLossFileOps::after_power_cut(Survivors survivors, std::uint64_t seed) const {
  auto out = std::make_unique<PowerLossFileOps>();
  std::mt19937_64 chance(seed);
  const std::function<NodePtr(const Node&)> revive = [&](const Node& node) {
    auto copy = std::make_shared<Node>();
    copy->directory = node.directory;
    copy->inode = out->next_inode_++;
    copy->mode = node.mode;
    copy->bytes = copy->durable_bytes = node.durable_bytes;
    std::set<std::string> all;
    for (const auto& entry : node.names) all.insert(entry.first);
    for (const auto& entry : node.durable_names) all.insert(entry.first);
    for (const auto& name : all) {
      const bool current =
          survivors == Survivors::kAllNames || (survivors == Survivors::kSomeNames && chance() % 2 == 0);
      const auto& from = current ? node.names : node.durable_names;
      if (const auto found = from.find(name); found != from.end()) copy->names[name] = revive(*found->second);
    }
    copy->durable_names = copy->names;
    return copy;
  };
  out->root_ = revive(*root_);
  return out;
}

std::map<std::string, std::string> PowerLossFileOps::files() const {
  std::map<std::string, std::string> out;
  const std::function<void(const Node&, const std::string&)> visit = [&](const Node& node, const std::string& prefix) {
    for (const auto& [name, child] : node.names) {
      if (child->directory)
        visit(*child, prefix + name + "/");
      else
        out[prefix + name] = child->bytes;
    }
  };
  visit(*root_, "");
  return out;
}

PowerLossFileOps::NodePtr PowerLossFileOps::find(const std::string& path) const {
  NodePtr node = root_;
  for (std::size_t from = 0; node && from < path.size();) {
    const auto slash = std::min(path.find('/', from), path.size());
    const auto found = node->names.find(path.substr(from, slash - from));
    node = found == node->names.end() ? nullptr : found->second;
    from = slash + 1;
  }
  return node;
}

Result<PowerLossFileOps::NodePtr> PowerLossFileOps::folder_for(const std::string& path) const {
  if (!is_store_path(path)) return in_the_way(path);
  auto folder = find(folder_of(path));
  if (!folder) return missing(folder_of(path));
  if (!folder->directory) return in_the_way(folder_of(path));
  return folder;
}

int PowerLossFileOps::open(NodePtr node, bool locks) {
  open_[next_handle_] = Open{std::move(node), 0, locks};
  return next_handle_++;
}

Result<int> PowerLossFileOps::create(const std::string& path) {
  auto folder = folder_for(path);
  if (!folder) return folder.error();
  if (find(path)) return in_the_way(path);
  auto node = std::make_shared<Node>();
  node->inode = next_inode_++;
  (*folder)->names[name_in(path)] = node;
  return open(node, false);
}

Result<int> PowerLossFileOps::open_read(const std::string& path) {
  if (auto folder = folder_for(path); !folder) return folder.error();
  auto node = find(path);
  if (!node) return missing(path);
  if (node->directory) return in_the_way(path);
  return open(node, false);
}

Status PowerLossFileOps::write(int handle, std::span<const char> bytes) {
  open_.at(handle).node->bytes.append(bytes.data(), bytes.size());
  return {};
}

Result<std::size_t> PowerLossFileOps::read(int handle, std::span<char> into) {
  Open& file = open_.at(handle);
  const std::size_t count = std::min(into.size(), file.node->bytes.size() - file.at);
  std::copy_n(file.node->bytes.data() + file.at, count, into.data());
  file.at += count;
  return count;
}

Status PowerLossFileOps::sync(int handle) {
  Node& node = *open_.at(handle).node;
  node.durable_bytes = node.bytes;
  return {};
}

Status PowerLossFileOps::set_mode(int handle, unsigned mode) {
  open_.at(handle).node->mode = mode;
  return {};
}

Status PowerLossFileOps::close(int handle) {
  Open& file = open_.at(handle);
  if (file.locks) file.node->locked = false;
  open_.erase(handle);
  return {};
}

Status PowerLossFileOps::rename(const std::string& from, const std::string& to) {
  if (auto folder = folder_for(to); !folder) return folder.error();
  if (find(to)) return in_the_way(to);
  return rename_over(from, to);
}

Status PowerLossFileOps::rename_over(const std::string& from, const std::string& to) {
  auto source = folder_for(from);
  if (!source) return source.error();
  auto target = folder_for(to);
  if (!target) return target.error();
  auto node = find(from);
  if (!node) return missing(from);
  if (auto old = find(to); old && old->directory != node->directory) return in_the_way(to);
  (*source)->names.erase(name_in(from));
  (*target)->names[name_in(to)] = node;
  return {};
}

Status PowerLossFileOps::link(const std::string& outside, const std::string&) {
  return make_error(ErrorCode::kInvalid, outside + ": on another file system");
}

Status PowerLossFileOps::second_name(const std::string& from, const std::string& to) {
  auto target = folder_for(to);
  if (!target) return target.error();
  auto node = find(from);
  if (!node) return missing(from);
  if (node->directory) return in_the_way(from);
  if (auto old = find(to)) return old == node ? Status() : Status(in_the_way(to));
  (*target)->names[name_in(to)] = node;
  return {};
}

Status PowerLossFileOps::remove(const std::string& path) {
  auto folder = folder_for(path);
  if (!folder) return folder.error();
  auto node = find(path);
  if (!node) return missing(path);
  if (!node->names.empty()) return in_the_way(path);
  (*folder)->names.erase(name_in(path));
  return {};
}

Result<bool> PowerLossFileOps::make_dir(const std::string& path) {
  auto folder = folder_for(path);
  if (!folder) return folder.error();
  if (auto old = find(path)) {
    if (old->directory) return false;
    return in_the_way(path);
  }
  auto node = std::make_shared<Node>();
  node->directory = true;
  node->inode = next_inode_++;
  node->mode = 0750;
  (*folder)->names[name_in(path)] = node;
  return true;
}

Status PowerLossFileOps::sync_dir(const std::string& path) {
  auto node = find(path);
  if (!node) return missing(path);
  if (!node->directory) return in_the_way(path);
  node->durable_names = node->names;
  return {};
}

Status PowerLossFileOps::sync_all() {
  const std::function<void(Node&)> sync_tree = [&](Node& node) {
    node.durable_bytes = node.bytes;
    node.durable_names = node.names;
    for (const auto& entry : node.names) sync_tree(*entry.second);
  };
  sync_tree(*root_);
  return {};
}

Result<FileInfo> PowerLossFileOps::stat(const std::string& path) {
  if (!path.empty() && !is_store_path(path)) return in_the_way(path);
  const auto node = find(path);
  if (!node) return FileInfo{};
  return FileInfo{.exists = true,
                  .regular = !node->directory,
                  .directory = node->directory,
                  .bytes = static_cast<std::int64_t>(node->bytes.size()),
                  .inode = node->inode,
                  .device = 1,
                  .links = 1,
                  .mode = node->mode};
}

Result<std::vector<std::string>> PowerLossFileOps::list_dir(const std::string& path) {
  const auto node = find(path);
  if (!node) return missing(path);
  if (!node->directory) return in_the_way(path);
  std::vector<std::string> out;
  for (const auto& entry : node->names) out.push_back(entry.first);
  return out;
}

Result<int> PowerLossFileOps::lock(const std::string& path) {
  auto node = find(path);
  if (!node) {
    auto made = create(path);
    if (!made) return made.error();
    node = open_.at(*made).node;
    (void)close(*made);
  }
  if (node->locked) return make_error(ErrorCode::kLocked, path + ": locked");
  node->locked = true;
  return open(node, true);
}

}  // namespace damsync
