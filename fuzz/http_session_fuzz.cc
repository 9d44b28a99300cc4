// Any bytes over a connection, in pieces of any size, to a real session: every reply is one, and none blames the
// server.
//
// The first byte is the number of pieces, then comes one for the length of each; what is left over is the last piece.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/log.h"
#include "fuzz/input.h"
#include "tests/server/http_server.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

constexpr size_t kPiecesMax = 16;
constexpr int kRepliesMax = 64;

// Its routes answer at once.
HttpServer& OpenServer() {
  static HttpServer* const server = [] {
    SetLogSink([](std::string_view) {});  // thousands of refusals
    auto* made = new HttpServer();        // lives as long as the process
    made->gate().Release();
    return made;
  }();
  return *server;
}

void SendInPieces(FuzzInput input, RawClient* client) {
  size_t lengths[kPiecesMax] = {};
  const size_t pieces = std::min<size_t>(input.Byte(), kPiecesMax);
  for (size_t i = 0; i < pieces; ++i) lengths[i] = input.Byte();
  std::string_view rest = input.rest();
  for (size_t i = 0; i < pieces; ++i) {
    const std::string_view piece = rest.substr(0, lengths[i]);
    if (!client->Send(piece)) return;
    rest.remove_prefix(piece.size());
  }
  if (client->Send(rest)) client->FinishSending();
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  const FuzzInput input(data, size);
  // Two routes of the server are there to fail, and a head alone has no end to wait for.
  const std::string_view bytes = input.rest();
  if (bytes.find("/fail") != std::string_view::npos || bytes.find("/throw") != std::string_view::npos) return 0;
  RawClient client(OpenServer().port());
  SendInPieces(input, &client);
  for (int i = 0; i < kRepliesMax; ++i) {
    const auto reply = client.Read(bytes.find("HEAD") == std::string_view::npos);
    if (!reply) break;
    ENGRAM_CHECK(reply->status >= 100 && reply->status < 500);
  }
  return 0;
}
