#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/base/result.h"
#include "storage/base/secret.h"

namespace damsync {

/// An Ed25519 key that signs manifests. What it signs is checked by stock OpenSSL:
/// `openssl pkeyutl -verify -pubin -inkey public_key.pem -rawin -in MANIFEST.json -sigfile MANIFEST.json.sig`.
///
/// Threads  all methods may be called from any thread.
class SigningKey {
 public:
  /// Errors: kSettings when the text is no PEM of an Ed25519 private key without a passphrase; never its content.
  static Result<SigningKey> from_pem(const Secret& pem);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  /// 64 bytes.
  [[nodiscard]] std::string sign(std::string_view text) const;
  [[nodiscard]] std::string public_pem() const;

 private:
  struct State;
  explicit SigningKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// True when the signature is that key's over exactly this text. False also for a key that is none.
bool signature_fits(std::string_view public_pem, std::string_view text, std::string_view signature);

/// True for the PEM of an Ed25519 public key.
bool is_public_key(std::string_view pem);

}  // namespace damsync
