// Digests that other programs can compute, too: of an archive's files, and those that sources store with their texts.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace engram {

// SHA-256 (FIPS 180-4) of bytes that come in pieces. Confined to one thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::string_view bytes);
  // 64 lower-case hexadecimal digits. Nothing may be called afterwards.
  std::string FinishHex();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// MD5 (RFC 1321), 32 lower-case hexadecimal digits. Proves nothing against anybody who wants to deceive.
std::string Md5Hex(std::string_view bytes);

}  // namespace engram
