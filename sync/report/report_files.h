#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.h"
#include "storage/files/output_file.h"
#include "sync/report/manifest.h"

namespace damsync {

/// The files of a report that is being written: a hidden folder beside its final place, removed again unless it was
/// published. Renderers put their files here.
///
/// Errors   kStorage.
/// Threads  one.
class ReportFiles {
 public:
  /// Makes `directory` if it is missing and sweeps what a crash left in it; the caller holds its lock.
  static Result<ReportFiles> open(const std::filesystem::path& directory, std::string_view report_date);
  ReportFiles(ReportFiles&& other) noexcept;
  ReportFiles& operator=(ReportFiles&&) = delete;
  ~ReportFiles();

  [[nodiscard]] Result<OutputFile> create(const std::string& name) const { return OutputFile::create(folder_ / name); }
  /// A file without a name, for what has to wait.
  [[nodiscard]] Result<OutputFile> spool() const { return OutputFile::create_unnamed(folder_); }
  /// Ends a file of `create` and notes its digest.
  Status finish(const std::string& name, OutputFile& file);
  Status add(const std::string& name, std::string_view text);
  /// Notes a file of the folder that something else wrote and synced.
  Status adopt(const std::string& name);

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  /// What the manifest names: everything but the manifests.
  [[nodiscard]] const std::vector<ManifestFile>& files() const noexcept { return files_; }
  /// Gives the folder its name. Durable: the report is there, whole, when it returns ok.
  Status publish(const std::filesystem::path& place);

 private:
  explicit ReportFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
  std::vector<ManifestFile> files_;
  bool published_ = false;
};

}  // namespace damsync
