#include "tests/support/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace damsync {

namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&::X509_free)>;

KeyPtr make_key() {
  KeyPtr key(::EVP_EC_gen("P-256"), &::EVP_PKEY_free);
  if (!key) throw std::runtime_error("cannot make a key");
  return key;
}

template <class Write>
std::string to_pem(Write write) {
  const std::unique_ptr<BIO, decltype(&::BIO_free)> bio(::BIO_new(BIO_s_mem()), &::BIO_free);
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string key_pem(EVP_PKEY* key) {
  return to_pem([&](BIO* bio) { ::PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string certificate_pem(X509* certificate) {
  return to_pem([&](BIO* bio) { ::PEM_write_bio_X509(bio, certificate); });
}

void add_extension(X509* certificate, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, &context, id, value);
  if (extension == nullptr) throw std::runtime_error("bad certificate extension");
  ::X509_add_ext(certificate, extension, -1);
  ::X509_EXTENSION_free(extension);
}

CertificatePtr make_certificate(EVP_PKEY* key, const char* name, const TestSubject& subject) {
  static std::atomic<long> serial{1};
  CertificatePtr certificate(::X509_new(), &::X509_free);
  ::X509_set_version(certificate.get(), 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), serial++);
  const auto seconds = [](std::chrono::hours hours) { return static_cast<long>(hours.count()) * 3600; };
  ::X509_gmtime_adj(X509_getm_notBefore(certificate.get()), seconds(subject.valid_from));
  ::X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds(subject.valid_until));
  ::X509_set_pubkey(certificate.get(), key);
  ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key, const TestSubject& subject) {
  ::X509_set_issuer_name(certificate, ::X509_get_subject_name(issuer));
  if (!subject.alternative_names.empty())
    add_extension(certificate, issuer, NID_subject_alt_name, subject.alternative_names.c_str());
  ::X509_sign(certificate, issuer_key, ::EVP_sha256());
}

}  // namespace

struct TestAuthority::State {
  KeyPtr key = make_key();
  CertificatePtr certificate{nullptr, &::X509_free};
};

TestAuthority::TestAuthority() : state_(std::make_unique<State>()) {
  const TestSubject subject{.alternative_names = ""};
  state_->certificate = make_certificate(state_->key.get(), "damsync test authority", subject);
  X509* const own = state_->certificate.get();
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, own, NID_key_usage, "critical,keyCertSign");
  sign(own, own, state_->key.get(), subject);
}

TestAuthority::~TestAuthority() = default;

std::string TestAuthority::certificate() const { return certificate_pem(state_->certificate.get()); }

TestIdentity TestAuthority::issue(const TestSubject& subject) const {
  const KeyPtr key = make_key();
  const CertificatePtr certificate = make_certificate(key.get(), "damsync test server", subject);
  sign(certificate.get(), state_->certificate.get(), state_->key.get(), subject);
  return {certificate_pem(certificate.get()), key_pem(key.get())};
}

TestIdentity TestAuthority::self_signed(const TestSubject& subject) {
  const KeyPtr key = make_key();
  const CertificatePtr certificate = make_certificate(key.get(), "damsync test loner", subject);
  sign(certificate.get(), certificate.get(), key.get(), subject);
  return {certificate_pem(certificate.get()), key_pem(key.get())};
}

}  // namespace damsync
