#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/model/asset.h"
#include "storage/model/collection.h"
#include "storage/model/license.h"

namespace damsync {

/// What the operator knows about a license and no API tells (`[[agreement]]`); every member may be absent.
struct AgreementFacts {
  std::optional<std::string> licensee;
  std::optional<std::string> licensee_id;
  std::optional<std::string> terms_url;
  std::optional<std::chrono::sys_days> start;
  std::optional<std::chrono::sys_days> end;
  std::optional<std::string> region_limit;
  std::optional<std::string> media_limit;
};

/// House rules of the operator that hold for every asset (`[rights]`); every member may be absent.
struct OperatorFacts {
  std::optional<std::string> copyright_notice;  ///< used where the provider gives none
  std::optional<bool> credit_required;          ///< for what is not editorial; editorial always asks for the credit
  std::optional<std::string> data_mining;       ///< PLUS code, e.g. `DMI-PROHIBITED`
};

/// Everything a sidecar is made from. Nothing else flows in: no clock, no settings, no network.
struct SidecarInput {
  AssetRow asset;  ///< with `sidecar_path` set: the asset's folder is the one `asset.json` stands in
  AssetMetadata metadata;
  std::vector<LicenseRow> licenses;   ///< all of the asset, in any order
  std::vector<FileRow> files;         ///< all of the asset, in any order
  const FileRow* file = nullptr;      ///< the file the sidecar stands beside; null for the asset's own
  std::string supplier_name;          ///< e.g. `Shutterstock`; empty: not written
  bool composed_license_ids = false;  ///< license ids are ours, so they are no transactions of the supplier
  OperatorFacts house;
  std::map<std::string, AgreementFacts> agreements;  ///< by license id
  std::vector<CollectionName> collections;           ///< those the asset is in, in id order
  /// The day by which end dates of licenses are judged; absent: end dates do not decide which license is the best.
  std::optional<std::chrono::sys_days> today;
};

/// What a sidecar describes.
enum class SidecarScope {
  kFile,   ///< one beside each file
  kAsset,  ///< one for the asset
};

/// Writes what is known of an asset as the bytes of one file. Pure: same input, same bytes, whatever the order of
/// licenses and files; so a sidecar needs to be rewritten only when its bytes differ from those on disk.
///
/// Errors   none: hostile text is made harmless, absent facts are left out.
/// Threads  any.
class SidecarWriter {
 public:
  virtual ~SidecarWriter() = default;

  /// The word of `store.sidecars`, e.g. `xmp`.
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual SidecarScope scope() const = 0;
  /// The sidecar's path relative to the store root; empty when there is no place for it yet (the file is not mirrored).
  [[nodiscard]] virtual std::string file_name_for(const SidecarInput& input) const = 0;
  [[nodiscard]] virtual std::string write(const SidecarInput& input) const = 0;
};

}  // namespace damsync
