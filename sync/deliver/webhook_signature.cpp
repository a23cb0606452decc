#include "sync/deliver/webhook_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kShortestKey = 16;

/// The bytes of strict base64 with padding; empty for anything else.
std::string decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size =
      ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return {};
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return base64(bytes) == text ? bytes : std::string();
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size) == nullptr)
    throw std::runtime_error("HMAC-SHA256 is not available");
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace

Result<Secret> webhook_key(const Secret& secret) {
  std::string_view text = secret.reveal();
  const Error wrong = make_error(ErrorCode::kSettings,
                                 "the secret is not of the form whsec_ and base64 of 16 bytes or more; make one with "
                                 "`echo whsec_$(openssl rand -base64 32)`");
  if (!text.starts_with(kPrefix)) return wrong;
  text.remove_prefix(kPrefix.size());
  std::string key = decode_base64(text);
  if (key.size() < kShortestKey) return wrong;
  return Secret(std::move(key));
}

std::string webhook_signature(const std::vector<Secret>& keys, std::string_view id, std::string_view timestamp,
                              std::string_view body) {
  std::string signed_text;
  signed_text.append(id).append(".").append(timestamp).append(".").append(body);
  std::string out;
  for (const auto& key : keys) {
    if (!out.empty()) out += ' ';
    out += "v1," + base64(hmac_sha256(key.reveal(), signed_text));
  }
  return out;
}

}  // namespace damsync
