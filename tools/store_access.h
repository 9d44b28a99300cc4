// Which store a command works on: a server, or a data folder that it opens itself.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "base/status.h"
#include "client/cpp/client.h"
#include "client/cpp/transport.h"
#include "tools/opened_store.h"

namespace engram {

struct StoreChoice {
  std::string server = "http://127.0.0.1:7700";
  std::string data_dir;  // not empty: this instead of a server
  std::string key;
  std::string key_file;  // not empty: the key is its first line
  std::string admin_key_file;
  TlsClientOptions tls;  // for https:// servers
};

// Adds --server, --data, --key, --key-file, --ca-file, --client-cert and --client-key.
void AddStoreOptions(CLI::App* command, StoreChoice* choice);
// The same, and --admin-key-file.
void AddAdminOptions(CLI::App* command, StoreChoice* choice);
// The choice with the admin key, if there is one, as its key.
StoreChoice AsAdmin(StoreChoice choice);

// The client goes first when it is destroyed.
struct StoreAccess {
  std::unique_ptr<OpenedStore> store;  // with --data only
  std::unique_ptr<Client> client;
};

// What to do about a folder without a store: only commands that write may make one.
enum class IfNoStore { kFail, kCreate };

// Unavailable when no server answers, or another process has the folder; NotFound as `if_no_store` says.
Result<StoreAccess> OpenAccess(const StoreChoice& choice, IfNoStore if_no_store);

// For calls that Client does not have. REQUIRES: the choice is a server.
Result<std::unique_ptr<Transport>> TransportTo(const StoreChoice& choice);

// "http://127.0.0.1:7700" or the folder: for messages.
const std::string& StoreName(const StoreChoice& choice);

}  // namespace engram
