#include "sync/sidecar/license_choice.h"

#include <algorithm>
#include <tuple>

#include "storage/base/text.h"

namespace damsync {
namespace {

bool valid(const SidecarInput& input, const LicenseRow& license) {
  if (license.state != LicenseState::kHeld) return false;
  if (!input.today) return true;
  const auto& terms = agreement_of(input, license);
  return (!terms.start || *terms.start <= *input.today) && (!terms.end || *terms.end >= *input.today);
}

bool is_license_of_file(const SidecarInput& input, const LicenseRow& license) {
  if (input.file == nullptr) return false;
  if (input.file->license_id == license.license_id) return true;
  return std::any_of(input.files.begin(), input.files.end(), [&](const FileRow& file) {
    return file.license_id == license.license_id && !file.path.empty() && file.path == input.file->path;
  });
}

auto rank(const SidecarInput& input, const LicenseRow& license) {
  const bool enhanced = to_lower(license.license_type).find("enhanced") != std::string::npos;
  return std::tuple(enhanced, is_license_of_file(input, license), license.licensed_at, license.license_id);
}

}  // namespace

const LicenseRow* best_license(const SidecarInput& input) {
  const LicenseRow* best = nullptr;
  for (const auto& license : input.licenses) {
    if (!valid(input, license)) continue;
    if (best == nullptr || rank(input, *best) < rank(input, license)) best = &license;
  }
  return best;
}

std::vector<const LicenseRow*> ordered_licenses(const SidecarInput& input) {
  std::vector<const LicenseRow*> order;
  for (const auto& license : input.licenses) order.push_back(&license);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::tie(a->licensed_at, a->license_id) < std::tie(b->licensed_at, b->license_id);
  });
  return order;
}

const AgreementFacts& agreement_of(const SidecarInput& input, const LicenseRow& license) {
  static const AgreementFacts kNothing;
  const auto found = input.agreements.find(license.license_id);
  return found == input.agreements.end() ? kNothing : found->second;
}

}  // namespace damsync
