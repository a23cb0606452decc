#include "storage/base/ulid.h"

#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <stdexcept>

#include "storage/base/time.h"

namespace damsync {
namespace {

/// 48 bits of time, then 80 of chance, most significant byte first.
using Bits = std::array<unsigned char, 16>;

Bits fresh(std::uint64_t millis) {
  Bits bits{};
  for (std::size_t i = 0; i < 6; ++i) bits[i] = static_cast<unsigned char>(millis >> (40 - 8 * i));
  if (RAND_bytes(bits.data() + 6, 10) != 1) throw std::runtime_error("no random bytes for a new id");
  bits[6] &= 0x7f;  // headroom: counting up within a millisecond never runs into the time
  return bits;
}

void increment(Bits& bits) {
  for (std::size_t i = bits.size(); i-- > 0;)
    if (++bits[i] != 0) return;
}

std::string encode(const Bits& bits) {
  constexpr char kCrockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string out(26, '0');
  // 26 digits of 5 bits hold 130: the first two bits are zero.
  for (std::size_t digit = 0; digit < 26; ++digit) {
    unsigned value = 0;
    for (std::size_t bit = digit * 5; bit < digit * 5 + 5; ++bit) {
      const bool set = bit >= 2 && ((bits[(bit - 2) / 8] >> (7 - (bit - 2) % 8)) & 1) != 0;
      value = value * 2 + (set ? 1 : 0);
    }
    out[digit] = kCrockford[value];
  }
  return out;
}

}  // namespace

std::string make_ulid(UtcTime now) {
  static std::mutex mutex;
  static std::uint64_t last_millis = 0;
  static Bits last{};
  const auto millis = static_cast<std::uint64_t>(to_millis(now)) & 0xffffffffffffu;
  const std::lock_guard lock(mutex);
  if (millis > last_millis) {
    last_millis = millis;
    last = fresh(millis);
  } else {
    increment(last);
  }
  return encode(last);
}

}  // namespace damsync
