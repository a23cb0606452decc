#include "sync/report/signature.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <stdexcept>

namespace damsync {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

/// Keeps OpenSSL from asking the terminal for a passphrase.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

Bio reader(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

Key public_key(std::string_view pem) {
  const auto bio = reader(pem);
  Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, &no_passphrase, nullptr));
  if (key && EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) key.reset();
  return key;
}

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

struct SigningKey::State {
  Key key;
};

SigningKey::SigningKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::from_pem(const Secret& pem) {
  const auto bio = reader(pem.reveal());
  auto state = std::make_unique<State>();
  state->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr));
  if (!state->key || EVP_PKEY_id(state->key.get()) != EVP_PKEY_ED25519)
    return make_error(ErrorCode::kSettings,
                      "audit.signing_key: this is no Ed25519 private key in PEM without a passphrase; "
                      "`openssl genpkey -algorithm ed25519` makes one");
  return SigningKey(std::move(state));
}

std::string SigningKey::sign(std::string_view text) const {
  const Context context(EVP_MD_CTX_new());
  std::string out(64, '\0');
  std::size_t length = out.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &length, bytes(text), text.size()) !=
          1 ||
      length != out.size())
    throw std::runtime_error("OpenSSL refused to sign by Ed25519");
  return out;
}

std::string SigningKey::public_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(bio.get(), state_->key.get()) != 1)
    throw std::runtime_error("OpenSSL refused to write the public key");
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

bool signature_fits(std::string_view public_pem, std::string_view text, std::string_view signature) {
  const auto key = public_key(public_pem);
  const Context context(EVP_MD_CTX_new());
  return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
}

bool is_public_key(std::string_view pem) { return public_key(pem) != nullptr; }

}  // namespace damsync
