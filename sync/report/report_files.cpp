#include "sync/report/report_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "storage/files/durable_folder.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartial = ".partial";

/// What a killed process left: hidden folders of ours, and nothing else.
void sweep(const fs::path& directory) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with('.') && name.ends_with(kPartial) && entry.is_directory(ignored) && !entry.is_symlink(ignored))
      fs::remove_all(entry.path(), ignored);
  }
}

Status sync_file(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fchmod(fd, 0640) == 0 && ::fsync(fd) == 0;
  const int failed = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return make_error(ErrorCode::kStorage, fmt::format("cannot sync {}: {}", path.string(), std::strerror(failed)));
}

}  // namespace

Result<ReportFiles> ReportFiles::open(const fs::path& directory, std::string_view report_date) {
  sweep(directory);
  const auto folder = directory / fmt::format(".{}{}", report_date, kPartial);
  if (auto made = make_folder(folder); !made) return made.error();
  return ReportFiles(folder);
}

ReportFiles::ReportFiles(ReportFiles&& other) noexcept
    : folder_(std::move(other.folder_)),
      files_(std::move(other.files_)),
      published_(std::exchange(other.published_, true)) {}

ReportFiles::~ReportFiles() {
  if (published_) return;
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Status ReportFiles::finish(const std::string& name, OutputFile& file) {
  auto digest = file.close();
  if (!digest) return digest.error();
  files_.push_back({name, *digest});
  return {};
}

Status ReportFiles::add(const std::string& name, std::string_view text) {
  auto digest = write_new_file(folder_ / name, text);
  if (!digest) return digest.error();
  files_.push_back({name, *digest});
  return {};
}

Status ReportFiles::adopt(const std::string& name) {
  if (auto synced = sync_file(folder_ / name); !synced) return synced;
  auto digest = digest_file(folder_ / name);
  if (!digest) return digest.error();
  files_.push_back({name, *digest});
  return {};
}

Status ReportFiles::publish(const fs::path& place) {
  auto done = publish_folder(folder_, place);
  if (done) published_ = true;
  return done;
}

}  // namespace damsync
