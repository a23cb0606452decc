#pragma once

#include <string>

#include "storage/model/asset.h"
#include "storage/model/event.h"
#include "storage/model/license.h"
#include "storage/sqlite/statement.h"

namespace damsync {

/// Column lists and their readers, in one order. `a`, `l`, `f`, `c` stand for asset, license, file and account.
/// The outer table comes first and stays outermost, so that listings follow its key without sorting.
inline constexpr const char* kSelectAsset =
    "SELECT a.account, c.provider, a.asset_id, a.state, a.metadata, a.media_type, a.title, a.editorial, a.etag,"
    " a.revision, a.updated_at, a.checked_at, a.withdrawn_at, a.first_seen_at, a.sidecar_path, a.sidecar_sha256,"
    " a.noticed_at, a.raw"
    " FROM asset a CROSS JOIN account c ON c.account = a.account";

inline constexpr const char* kSelectLicense =
    "SELECT l.account, c.provider, l.license_id, l.asset_id, l.state, l.media_kind, l.license_type, l.size, l.format,"
    " l.licensed_at, l.licensed_at_text, l.licensed_by, l.downloadable, l.first_seen_at, l.vanished_at, l.details,"
    " l.raw FROM license l CROSS JOIN account c ON c.account = l.account";

inline constexpr const char* kSelectFile =
    "SELECT f.account, c.provider, f.asset_id, f.license_id, f.size, f.format, f.state, f.reason, f.path, f.bytes,"
    " f.sha256, f.mirrored_at, f.verified_at FROM file f CROSS JOIN account c ON c.account = f.account";

inline constexpr const char* kSelectChange =
    "SELECT seq, id, time, type, provider, account, asset_id, license_id, revision, fields FROM change";

/// Whether the provider's own text is wanted; unpacking it costs more than the rest of the row.
enum class RawText { kLeave, kFill };

AssetRow read_asset(const Statement& row, RawText raw);
LicenseRow read_license(const Statement& row, RawText raw);
FileRow read_file(const Statement& row);
Change read_change(const Statement& row);

}  // namespace damsync
