// The server's secret, and what keys look like under it: HMAC-SHA-256 (RFC 2104), so that a stolen copy of the rows
// alone lets nobody in, nor check a guess.
//
// The secret is 32 random bytes in the file `key-secret` of the data folder, with mode 0600, made when the first key
// is. Without it no key of the store can be checked any more: it belongs into every backup, apart from the rows. A slow
// hash would add nothing: what is hashed has 256 random bits.
#pragma once

#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/status.h"

namespace engram {

// Thread-safe.
class KeyVault {
 public:
  explicit KeyVault(std::string data_dir);

  // Reads the secret, so that Hash can't fail for want of it. FailedPrecondition when it is not there although the
  // store has keys, or when others than its owner may read it.
  Status Open(bool has_keys) EXCLUDES(mutex_);

  // 32 bytes of the whole key; makes the secret where there is none yet.
  Result<std::string> Hash(std::string_view token) EXCLUDES(mutex_);

 private:
  Status Make() REQUIRES(mutex_);

  const std::string path_;
  Mutex mutex_;
  std::string secret_ GUARDED_BY(mutex_);
};

// Whether both are the same, in a time that says nothing of where they differ.
bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace engram
