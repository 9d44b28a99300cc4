#include "base/coding.h"

#include <cmath>
#include <limits>

namespace engram {
namespace {

template <class T>
void AppendBigEndian(std::string* out, T v) {
  char bytes[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(v >> (8 * (sizeof(T) - 1 - i)));
  out->append(bytes, sizeof(T));
}

static_assert(std::endian::native == std::endian::little, "values are little-endian on disk");

constexpr uint64_t kSignBit = uint64_t{1} << 63;

}  // namespace

void AppendKey16(std::string* key, uint16_t v) { AppendBigEndian(key, v); }
void AppendKey32(std::string* key, uint32_t v) { AppendBigEndian(key, v); }
void AppendKey64(std::string* key, uint64_t v) { AppendBigEndian(key, v); }
void AppendKeySigned64(std::string* key, int64_t v) { AppendKey64(key, static_cast<uint64_t>(v) ^ kSignBit); }

void AppendKeyDouble(std::string* key, double v) {
  if (v == 0) v = 0;  // -0.0
  if (std::isnan(v)) v = std::numeric_limits<double>::quiet_NaN();
  const auto bits = std::bit_cast<uint64_t>(v);
  AppendKey64(key, (bits & kSignBit) ? ~bits : bits | kSignBit);
}

void AppendKeyString(std::string* key, std::string_view v) {
  for (char c : v) {
    key->push_back(c);
    if (c == '\0') key->push_back('\xff');
  }
  key->push_back('\0');
  key->push_back('\x01');
}

void AppendFixed32(std::string* out, uint32_t v) { out->append(reinterpret_cast<const char*>(&v), sizeof v); }
void AppendFixed64(std::string* out, uint64_t v) { out->append(reinterpret_cast<const char*>(&v), sizeof v); }
void AppendDouble(std::string* out, double v) { AppendFixed64(out, std::bit_cast<uint64_t>(v)); }

void AppendVarint(std::string* out, uint64_t v) {
  while (v >= 0x80) {
    out->push_back(static_cast<char>(v | 0x80));
    v >>= 7;
  }
  out->push_back(static_cast<char>(v));
}

void AppendSignedVarint(std::string* out, int64_t v) {
  AppendVarint(out, (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63));
}

void AppendString(std::string* out, std::string_view v) {
  AppendVarint(out, v.size());
  out->append(v);
}

void AppendFloats(std::string* out, const float* v, size_t n) {
  AppendVarint(out, n);
  out->append(reinterpret_cast<const char*>(v), n * sizeof(float));
}

template <class T>
T ByteReader::BigEndian() {
  if (in_.size() < sizeof(T)) {
    Fail();
    return 0;
  }
  T v = 0;
  for (size_t i = 0; i < sizeof(T); ++i) v = static_cast<T>((v << 8) | static_cast<uint8_t>(in_[i]));
  in_.remove_prefix(sizeof(T));
  return v;
}

uint8_t ByteReader::Byte() { return BigEndian<uint8_t>(); }
uint16_t ByteReader::Key16() { return BigEndian<uint16_t>(); }
uint32_t ByteReader::Key32() { return BigEndian<uint32_t>(); }
uint64_t ByteReader::Key64() { return BigEndian<uint64_t>(); }
int64_t ByteReader::KeySigned64() { return static_cast<int64_t>(Key64() ^ kSignBit); }

double ByteReader::KeyDouble() {
  const uint64_t bits = Key64();
  return std::bit_cast<double>((bits & kSignBit) ? bits & ~kSignBit : ~bits);
}

std::string ByteReader::KeyString() {
  std::string out;
  while (ok_) {
    const uint8_t c = Byte();
    if (c != 0) {
      out.push_back(static_cast<char>(c));
      continue;
    }
    const uint8_t next = Byte();
    if (!ok_ || next == 0x01) break;
    if (next != 0xff) {
      Fail();
      break;
    }
    out.push_back('\0');
  }
  return ok_ ? out : std::string();
}

uint32_t ByteReader::Fixed32() {
  uint32_t v = 0;
  if (auto bytes = Bytes(sizeof v); ok_) std::memcpy(&v, bytes.data(), sizeof v);
  return v;
}

uint64_t ByteReader::Fixed64() {
  uint64_t v = 0;
  if (auto bytes = Bytes(sizeof v); ok_) std::memcpy(&v, bytes.data(), sizeof v);
  return v;
}

double ByteReader::Double() { return std::bit_cast<double>(Fixed64()); }

uint64_t ByteReader::Varint() {
  uint64_t v = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Byte();
    if (!ok_) return 0;
    if (shift == 63 && byte > 1) break;
    // One form per number: AppendVarint never ends in a zero byte that adds nothing.
    if (shift > 0 && byte == 0) break;
    v |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return v;
  }
  Fail();
  return 0;
}

int64_t ByteReader::SignedVarint() {
  const uint64_t v = Varint();
  return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
}

std::string_view ByteReader::String() { return Bytes(Count(1)); }

size_t ByteReader::Count(size_t element_bytes_min) {
  const uint64_t n = Varint();
  if (ok_ && n > in_.size() / element_bytes_min) Fail();
  return ok_ ? n : 0;
}

std::string_view ByteReader::Bytes(size_t n) {
  if (n > in_.size()) Fail();
  if (!ok_) return {};
  auto bytes = in_.substr(0, n);
  in_.remove_prefix(n);
  return bytes;
}

Status ByteReader::Finish(std::string_view what) const {
  if (ok_ && in_.empty()) return {};
  return Corruption(std::string(what) + (ok_ ? ": bytes left over" : ": truncated or malformed"));
}

}  // namespace engram
