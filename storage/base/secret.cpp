#include "storage/base/secret.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <shared_mutex>

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr std::size_t kShortestSecret = 4;

/// All of the capacity: a shorter value may have been assigned over a longer one.
void wipe(std::string& value) noexcept {
  value.resize(value.capacity());
  OPENSSL_cleanse(value.data(), value.size());
  value.clear();
}

/// What every base64 text has in common that carries `secret` after `offset` other bytes (modulo 3): the digits that
/// depend on the secret alone.
std::string base64_core(const std::string& secret, std::size_t offset) {
  const std::string digits = base64(std::string(offset, '\0') + secret);
  const std::size_t first = (offset * 8 + 5) / 6;
  const std::size_t end = (offset + secret.size()) * 8 / 6;
  return digits.substr(first, end - first);
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// `%2F` as `%2f`; the other letters keep their case.
std::string lower_escapes(std::string text) {
  for (std::size_t at = 0; (at = text.find('%', at)) != std::string::npos; at += 3)
    for (std::size_t i = at + 1; i < at + 3 && i < text.size(); ++i) text[i] = to_lower(text.substr(i, 1))[0];
  return text;
}

/// Every spelling under which a secret may stand in a text.
std::vector<std::string> spellings(const std::string& secret) {
  std::string json;
  append_json_string(json, secret);
  json = json.substr(1, json.size() - 2);
  const std::string percent = percent_encode(secret);
  std::vector<std::string> out = {secret,
                                  json,
                                  replace_all(json, "/", "\\/"),
                                  printable(secret),
                                  percent,
                                  lower_escapes(percent),
                                  replace_all(percent, "%20", "+"),
                                  base64(secret)};
  for (std::size_t offset = 0; offset < 3; ++offset) {
    out.push_back(base64_core(secret, offset));
    std::string url_safe = out.back();
    std::replace(url_safe.begin(), url_safe.end(), '+', '-');
    std::replace(url_safe.begin(), url_safe.end(), '/', '_');
    out.push_back(std::move(url_safe));
  }
  return out;
}

}  // namespace

Secret::Secret(std::string value) : value_(value) { wipe(value); }

Secret::Secret(Secret&& other) noexcept : value_(other.value_) { wipe(other.value_); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe(value_);
    value_ = other.value_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(value_);
    value_.swap(other.value_);
    wipe(other.value_);
  }
  return *this;
}

Secret::~Secret() { wipe(value_); }

namespace {

/// Texts to look for.
struct Patterns {
  /// By first byte, longest first.
  std::array<std::vector<std::string>, 256> by_first;

  Patterns() = default;
  ~Patterns() { clear(); }
  Patterns(const Patterns&) = delete;
  Patterns& operator=(const Patterns&) = delete;

  void clear() {
    for (auto& bucket : by_first) {
      for (auto& pattern : bucket) wipe(pattern);
      bucket.clear();
    }
  }

  void add(const Secret& secret) {
    for (auto& spelling : spellings(secret.reveal())) add(std::move(spelling));
  }

  void add(std::string pattern) {
    auto& bucket = by_first[static_cast<unsigned char>(pattern.front())];
    if (std::find(bucket.begin(), bucket.end(), pattern) != bucket.end()) return;
    const auto shorter = std::find_if(bucket.begin(), bucket.end(),
                                      [&](const std::string& other) { return other.size() < pattern.size(); });
    bucket.insert(shorter, std::move(pattern));
  }

  /// Length of the longest pattern that `text` starts with.
  std::size_t match(std::string_view text) const {
    for (const auto& pattern : by_first[static_cast<unsigned char>(text.front())])
      if (text.starts_with(pattern)) return pattern.size();
    return 0;
  }
};

}  // namespace

struct Redactor::State {
  mutable std::shared_mutex mutex;
  Patterns lasting, passing;
  std::deque<Secret> newest;  ///< what `passing` was made from, oldest first

  std::size_t match(std::string_view text) const { return std::max(lasting.match(text), passing.match(text)); }
};

Redactor::Redactor() : state_(std::make_unique<State>()) {}
Redactor::~Redactor() = default;

void Redactor::add(const Secret& secret) {
  if (secret.reveal().size() < kShortestSecret) return;
  const std::unique_lock lock(state_->mutex);
  state_->lasting.add(secret);
}

void Redactor::add_passing(const Secret& secret) {
  if (secret.reveal().size() < kShortestSecret) return;
  const std::unique_lock lock(state_->mutex);
  auto& newest = state_->newest;
  const auto known = std::find_if(newest.begin(), newest.end(),
                                  [&](const Secret& other) { return other.reveal() == secret.reveal(); });
  if (known != newest.end()) return;
  newest.push_back(secret);
  state_->passing.add(secret);
  if (newest.size() <= kPassing) return;
  newest.pop_front();
  state_->passing.clear();
  for (const auto& kept : newest) state_->passing.add(kept);
}

std::string Redactor::redact(std::string_view text) const {
  const std::shared_lock lock(state_->mutex);
  std::string out;
  out.reserve(text.size());
  std::size_t hidden_until = 0;  // secrets may overlap: the union of their places is hidden
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool was_hidden = i > 0 && i <= hidden_until;
    hidden_until = std::max(hidden_until, i + state_->match(text.substr(i)));
    if (i >= hidden_until)
      out += text[i];
    else if (!was_hidden || out.empty())
      out += "***";
  }
  return out;
}

}  // namespace damsync
