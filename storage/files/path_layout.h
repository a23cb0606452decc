#pragma once

#include <string>
#include <string_view>

#include "storage/base/result.h"
#include "storage/model/license.h"

namespace damsync {

/// What a path is made of.
struct PathInput {
  std::string account;
  std::string provider;
  const License* license = nullptr;
  std::string file_prefix;  ///< of the provider, e.g. `shutterstock_`
  std::string ext;          ///< `jpg`, `eps`, `tiff`, …; decided by the bytes, not by a name from outside
  bool editorial = false;
};

/// Turns the setting `store.layout` and an asset into a path below the store root. Pure.
///
/// Words: account provider shard asset_id name size ext license_id license_type license_year license_month project
/// editorial. Every value is reduced to `[A-Za-z0-9._-]`, at most 100 bytes, never empty, never starting with a dot.
class PathLayout {
 public:
  /// Errors: kSettings for an unknown word, an absolute path, `..`, or a template without {asset_id} and {name}.
  static Result<PathLayout> parse(std::string_view layout);

  /// As it was given.
  [[nodiscard]] const std::string& text() const noexcept { return layout_; }
  /// e.g. `newsroom/10/118139110/shutterstock_118139110-huge.jpg`.
  [[nodiscard]] std::string file_path(const PathInput& input) const;
  /// The same with the license id appended to the name: for a second file of one name.
  [[nodiscard]] std::string file_path_with_license(const PathInput& input) const;
  /// Path of `asset.json`: in the asset's folder, or `<asset_id>.asset.json` where assets share folders.
  [[nodiscard]] std::string sidecar_path(const PathInput& input) const;
  /// The same with the account in its name: for an asset that another account, or another provider, has, too.
  [[nodiscard]] std::string sidecar_path_with_account(const PathInput& input) const;
  /// True when no path of one account can be one of another: a folder is named after the account.
  [[nodiscard]] bool parts_accounts() const;

 private:
  [[nodiscard]] std::string sidecar_path(const PathInput& input, const std::string& mark) const;

  std::string layout_;
};

/// Two characters that spread assets over folders: the last two of the id, lower case, `_` for what is not a letter or
/// digit.
std::string shard_of(std::string_view asset_id);

}  // namespace damsync
