#include "sync/pipeline/diff.h"

#include "sync/http/json_reader.h"

namespace damsync {

MetadataDiff diff(const AssetRow& known, const DescribedAsset& described) {
  const Json now = to_json(described.metadata);
  MetadataDiff result;
  result.canonical = write_json(now, JsonStyle::kCanonical);
  result.first = known.metadata.empty();
  result.restored = known.state == AssetState::kWithdrawn;
  if (result.canonical == known.metadata) return result;
  const auto before = parse_json(known.metadata.empty() ? "{}" : known.metadata);
  result.fields = changed_fields(before ? *before : Json::object(), now);
  return result;
}

}  // namespace damsync
