// Bytes as an API key and as a text that may hold one: what is read as a key is none with any character changed, and no
// text keeps a key's secret.
#include <string>

#include "base/check.h"
#include "fuzz/input.h"
#include "server/api_key.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  const std::string text(FuzzInput(data, size).rest());
  const auto id = ParseApiKey(text);
  if (id.ok()) {
    ENGRAM_CHECK(text.starts_with(std::string(kApiKeyPrefix) + *id + "_"));
    const std::string shown = WithoutSecrets("key=" + text + "&x");
    ENGRAM_CHECK(shown.find(text.substr(kApiKeyPrefix.size() + id->size() + 1)) == std::string::npos);
    for (size_t i = 0; i < text.size(); ++i) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ 1);
      ENGRAM_CHECK(!ParseApiKey(other).ok());
    }
  }
  const std::string once = WithoutSecrets(text);
  ENGRAM_CHECK(WithoutSecrets(once) == once);
  return 0;
}
