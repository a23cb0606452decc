#include "tests/support/canary.h"

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

/// Base64 of a text that holds the secret after `before` other bytes: what does not depend on its surroundings.
std::string base64_inside(const std::string& secret, std::size_t before) {
  const std::size_t skipped = (3 - before) % 3;  // bytes of the secret that share a group with what is before
  const std::string whole = secret.substr(skipped, (secret.size() - skipped) / 3 * 3);
  return base64(whole);
}

}  // namespace

Canary::Canary(std::string name, std::string secret) : name_(std::move(name)), secret_(std::move(secret)) {
  const std::string json = write_json(Json(secret_));
  forms_ = {
      {"plain", secret_}, {"percent-encoded", percent_encode(secret_)}, {"JSON", json.substr(1, json.size() - 2)}};
  for (std::size_t before = 0; before < 3; ++before) forms_.emplace_back("base64", base64_inside(secret_, before));
}

std::string Canary::found_in(const std::string& text) const {
  for (const auto& [form, spelling] : forms_)
    if (text.find(spelling) != std::string::npos) return form;
  return {};
}

}  // namespace damsync
