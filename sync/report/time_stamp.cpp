#include "sync/report/time_stamp.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ts.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace damsync {
namespace {

constexpr std::int64_t kMaxAnswer = 256 * 1024;

struct Free {
  void operator()(TS_REQ* x) const { TS_REQ_free(x); }
  void operator()(TS_RESP* x) const { TS_RESP_free(x); }
  void operator()(TS_MSG_IMPRINT* x) const { TS_MSG_IMPRINT_free(x); }
  void operator()(X509_ALGOR* x) const { X509_ALGOR_free(x); }
  void operator()(ASN1_INTEGER* x) const { ASN1_INTEGER_free(x); }
  void operator()(TS_VERIFY_CTX* x) const { TS_VERIFY_CTX_free(x); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

using Sha = std::array<unsigned char, 32>;

Sha sha256(std::string_view text) {
  Sha out{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &length, EVP_sha256(), nullptr);
  return out;
}

void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL refused to build a time-stamp request");
}

Owned<ASN1_INTEGER> nonce() {
  std::uint64_t value = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) == 1);
  Owned<ASN1_INTEGER> out(ASN1_INTEGER_new());
  require(out && ASN1_INTEGER_set_uint64(out.get(), value >> 1) == 1);
  return out;
}

Owned<TS_REQ> make_request(std::string_view text) {
  const Owned<X509_ALGOR> algorithm(X509_ALGOR_new());
  require(X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) == 1);
  auto digest = sha256(text);
  const Owned<TS_MSG_IMPRINT> imprint(TS_MSG_IMPRINT_new());
  require(TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get()) == 1 &&
          TS_MSG_IMPRINT_set_msg(imprint.get(), digest.data(), static_cast<int>(digest.size())) == 1);
  Owned<TS_REQ> request(TS_REQ_new());
  require(TS_REQ_set_version(request.get(), 1) == 1 && TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
          TS_REQ_set_nonce(request.get(), nonce().get()) == 1 && TS_REQ_set_cert_req(request.get(), 1) == 1);
  return request;
}

std::string to_der(TS_REQ* request) {
  unsigned char* der = nullptr;
  const int length = i2d_TS_REQ(request, &der);
  require(length > 0);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

/// Nothing unless the bytes are one answer and nothing behind it.
Owned<TS_RESP> parse(std::string_view answer) {
  const auto* at = reinterpret_cast<const unsigned char*>(answer.data());
  const auto* const end = at + answer.size();
  Owned<TS_RESP> out(d2i_TS_RESP(nullptr, &at, static_cast<long>(answer.size())));
  if (at != end) out.reset();
  return out;
}

bool fits(TS_RESP* answer, TS_VERIFY_CTX* context, int asked) {
  TS_VERIFY_CTX_set_flags(context, asked);
  return TS_RESP_verify_response(context, answer) == 1;
}

Error refused(std::string_view why) {
  return make_error(ErrorCode::kProtocol, "the time-stamping authority " + std::string(why));
}

}  // namespace

Result<std::string> TimeStampAuthority::stamp(std::string_view text, std::stop_token stop) const {
  const auto asked = make_request(text);
  HttpRequest request;
  request.method = Method::kPost;
  request.url = url_;
  request.body = to_der(asked.get());
  request.content_type = "application/timestamp-query";
  request.max_body_bytes = kMaxAnswer;
  request.deadline = Millis(30'000);
  auto response = transport_.send(request, nullptr, stop);
  if (!response) return response.error();
  if (response->status != 200) return refused("answered with status " + std::to_string(response->status));
  const auto answer = parse(response->body);
  if (!answer) return refused("sent no answer in the form of RFC 3161");
  const Owned<TS_VERIFY_CTX> context(TS_REQ_to_TS_VERIFY_CTX(asked.get(), nullptr));
  if (!context || !fits(answer.get(), context.get(), TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_NONCE))
    return refused("sent no granted stamp of this manifest");
  return std::move(response->body);
}

bool time_stamp_fits(std::string_view answer, std::string_view text) {
  const auto parsed = parse(answer);
  if (!parsed) return false;
  const auto asked = make_request(text);
  const Owned<TS_VERIFY_CTX> context(TS_REQ_to_TS_VERIFY_CTX(asked.get(), nullptr));
  return context && fits(parsed.get(), context.get(), TS_VFY_VERSION | TS_VFY_IMPRINT);
}

}  // namespace damsync
