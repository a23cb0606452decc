#include "sync/report/report_seals.h"

#include <algorithm>
#include <map>

#include "storage/base/digest.h"
#include "sync/report/signature.h"
#include "sync/report/time_stamp.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSeal = 1 << 20;

/// The examination of one folder.
class Examination {
 public:
  Examination(const ExaminedReport& report, std::vector<ReportFault>& faults) : report_(report), faults_(faults) {}

  void add(ReportDamage damage, const std::string& file, const std::string& message) {
    faults_.push_back({damage, report_.name, file, message});
  }

  /// Digests of everything in the folder; what is no file is a fault.
  void read_folder() {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(report_.folder, failed)) {
      const auto name = entry.path().filename().string();
      const auto digest = digest_file(entry.path());
      if (entry.is_regular_file(failed) && !entry.is_symlink(failed) && digest)
        there_[name] = *digest;
      else
        add(ReportDamage::kUnknown, name, "is no file of a report, or cannot be read");
    }
  }

  void compare_files() {
    for (const auto& file : report_.manifest->files) {
      const auto found = there_.find(file.name);
      if (found == there_.end()) {
        add(ReportDamage::kMissing, file.name, "is named by the manifest and is gone");
        continue;
      }
      compare(file.name, found->second, file.digest.sha256, file.digest.bytes);
    }
    for (const auto& [name, digest] : there_)
      if (!is_known(name)) add(ReportDamage::kUnknown, name, "is not named by the manifest: put in later");
  }

  /// MANIFEST.sha256 covers everything, the seals included. When it does not fit, one of both was altered: which one is
  /// told by what the log noted, or by who else knows the manifest.
  void compare_list() {
    if (!there_.contains(kManifestList)) {
      add(ReportDamage::kMissing, kManifestList, "is gone");
      return;
    }
    const auto text = read_small_file(report_.folder / kManifestList, kMaxSeal);
    const auto list = text ? *text : std::string();
    const bool as_noted = report_.recorded_list.empty() || sha256_hex(list) == report_.recorded_list;
    if (!as_noted) {
      damaged_list(list);
      return;
    }
    auto expected = report_.manifest->files;
    for (const auto* seal : {kManifestJson, kSignatureFile, kTimestampFile})
      if (const auto found = there_.find(seal); found != there_.end()) expected.push_back({seal, found->second});
    if (write_digest_list(expected) == list) return;
    const bool list_is_true = !report_.recorded_list.empty();
    bool named = false;
    for (const auto* seal : {kManifestJson, kSignatureFile, kTimestampFile})
      named |= blame_seal(seal, list, list_is_true);
    if (!named) damaged_list(list);
  }

  void check_signature(const ReportTrust& trust) {
    const bool has_key = there_.contains(kPublicKeyFile);
    if (!there_.contains(kSignatureFile)) {
      if (has_key)
        add(ReportDamage::kMissing, kSignatureFile, "is gone: the report was signed");
      else if (!trust.public_keys.empty())
        add(ReportDamage::kBadSignature, kSignatureFile, "is not there: nobody signed the report");
      return;
    }
    const auto signature = read_small_file(report_.folder / kSignatureFile, kMaxSeal);
    const auto fits = [&](const std::string& key) {
      return signature && signature_fits(key, report_.manifest_text, *signature);
    };
    const bool known =
        trust.public_keys.empty() || std::any_of(trust.public_keys.begin(), trust.public_keys.end(), fits);
    if (known && fits(report_.public_key)) return;
    add(ReportDamage::kBadSignature, kSignatureFile,
        known ? "is not the signature of this manifest by the key beside it"
              : "was not made by a key that is known: the report was signed by somebody else");
  }

  void check_time_stamp() {
    if (!there_.contains(kTimestampFile)) return;
    const auto answer = read_small_file(report_.folder / kTimestampFile, kMaxSeal);
    if (answer && time_stamp_fits(*answer, report_.manifest_text)) return;
    add(ReportDamage::kAltered, kTimestampFile, "is no time stamp of this manifest");
  }

  [[nodiscard]] std::int64_t files() const { return static_cast<std::int64_t>(there_.size()); }

 private:
  void compare(const std::string& name, const FileDigest& found, const std::string& sha256, std::int64_t bytes) {
    if (found.sha256 == sha256 && found.bytes == bytes) return;
    if (found.bytes < bytes)
      add(ReportDamage::kTruncated, name,
          "has " + std::to_string(found.bytes) + " of " + std::to_string(bytes) + " bytes");
    else
      add(ReportDamage::kAltered, name, "does not hold the bytes that the manifest names");
  }
  [[nodiscard]] bool is_known(const std::string& name) const {
    for (const auto* seal : {kManifestJson, kManifestList, kSignatureFile, kTimestampFile})
      if (name == seal) return true;
    const auto& files = report_.manifest->files;
    return std::any_of(files.begin(), files.end(), [&](const ManifestFile& file) { return file.name == name; });
  }
  void damaged_list(const std::string& list) {
    const bool whole = !list.empty() && list.back() == '\n';
    add(whole ? ReportDamage::kAltered : ReportDamage::kTruncated, kManifestList,
        "does not list the files that the manifest names");
  }
  /// A seal whose line in the list, as far as it is one, names other bytes.
  bool blame_seal(const char* seal, const std::string& list, bool list_is_true) {
    const std::string ending = std::string("  ") + seal + "\n";
    const auto found = there_.find(seal);
    const auto at = list.find(ending);
    if (found == there_.end()) {
      if (at == std::string::npos) return false;
      add(ReportDamage::kMissing, seal, "is in the list and is gone");
      return true;
    }
    if (at == std::string::npos && !list_is_true) return false;
    const auto line = at == std::string::npos ? std::string() : list.substr(at < 64 ? 0 : at - 64, 64);
    if (line == found->second.sha256) return false;
    const bool seal_is_true = seal == std::string_view(kManifestJson) && report_.vouched;
    if (seal_is_true && !list_is_true) return false;
    add(at == std::string::npos ? ReportDamage::kUnknown : ReportDamage::kAltered, seal,
        "does not hold the bytes that the list names");
    return true;
  }

  const ExaminedReport& report_;
  std::vector<ReportFault>& faults_;
  std::map<std::string, FileDigest> there_;
};

}  // namespace

ExaminedReport open_report(const fs::path& folder) {
  ExaminedReport report;
  report.name = folder.filename().string();
  report.folder = folder;
  if (auto text = read_small_file(folder / kManifestJson, kMaxSeal)) {
    report.manifest_text = std::move(*text);
    report.manifest_sha256 = sha256_hex(report.manifest_text);
    if (auto manifest = parse_manifest(report.manifest_text)) report.manifest = std::move(*manifest);
  }
  if (auto key = read_small_file(folder / kPublicKeyFile, kMaxSeal)) report.public_key = std::move(*key);
  return report;
}

std::int64_t examine_files(const ExaminedReport& report, const ReportTrust& trust, std::vector<ReportFault>& faults) {
  Examination look(report, faults);
  look.read_folder();
  if (report.manifest) {
    look.compare_files();
    look.compare_list();
    look.check_signature(trust);
    look.check_time_stamp();
  } else if (report.manifest_sha256.empty()) {
    look.add(ReportDamage::kMissing, kManifestJson, "is gone: nothing of this report can be relied on");
  } else {
    const bool whole = report.manifest_text.ends_with("}\n");
    look.add(whole ? ReportDamage::kAltered : ReportDamage::kTruncated, kManifestJson,
             "is not a manifest as it was written: nothing of this report can be relied on");
  }
  return look.files();
}

}  // namespace damsync
