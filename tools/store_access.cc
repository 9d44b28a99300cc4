#include "tools/store_access.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "client/cpp/http_transport.h"
#include "tools/direct_transport.h"
#include "tools/listen_address.h"

namespace engram {
namespace {

Result<StoreAccess> OpenFolder(const std::string& data_dir, IfNoStore if_no_store) {
  SetLogLevel(LogLevel::kWarning);  // a command's output is for a person
  ServiceOptions options;
  options.version = ENGRAM_VERSION;
  options.engine_options.data_dir = data_dir;
  options.engine_options.create = if_no_store == IfNoStore::kCreate;
  StoreAccess access;
  auto store = OpenStore(options);
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(data_dir, error);
  if (!store.ok() && is_folder && store.status().code() == StatusCode::kUnavailable) {
    return Unavailable(
        fmt::format("{}; if that is a server, use --server instead of --data", store.status().message()));
  }
  if (!store.ok() && store.status().code() == StatusCode::kNotFound) {
    return NotFound(fmt::format("{}: give the folder that `engram serve --data` uses, or --server for a running server",
                                store.status().message()));
  }
  ASSIGN_OR_RETURN(access.store, std::move(store));
  ClientOptions client;
  client.compress = false;
  access.client = std::make_unique<Client>(NewDirectTransport(*access.store), std::move(client));
  return access;
}

Result<std::string> KeyOf(const StoreChoice& choice) {
  if (choice.key_file.empty()) return choice.key;
  ASSIGN_OR_RETURN(const std::string text, FileSystem::Posix().ReadFile(choice.key_file));
  const std::string key = text.substr(0, text.find_first_of("\r\n"));
  if (key.empty()) return InvalidArgument(fmt::format("{} holds no key", choice.key_file));
  return key;
}

}  // namespace

void AddStoreOptions(CLI::App* command, StoreChoice* choice) {
  auto* server = command->add_option("--server", choice->server, "The server to talk to")
                     ->capture_default_str()
                     ->envname("ENGRAM_SERVER")
                     ->type_name("URL");
  command->add_option("--data", choice->data_dir, "A data folder to work on directly; no server may have it open")
      ->type_name("DIR")
      ->excludes(server);
  command
      ->add_option("--key", choice->key,
                   "The key to show the server; other users of this machine see it among its processes")
      ->envname("ENGRAM_KEY");
  command->add_option("--key-file", choice->key_file, "A file with the key")
      ->envname("ENGRAM_KEY_FILE")
      ->type_name("FILE");
  command
      ->add_option("--ca-file", choice->tls.ca_file,
                   "Who may have signed an https:// server's certificate (PEM); whom this system trusts when not given")
      ->envname("ENGRAM_CA_FILE")
      ->type_name("FILE");
  auto* certificate = command
                          ->add_option("--client-cert", choice->tls.certificate_file,
                                       "The certificate to show an https:// server that asks for one (PEM)")
                          ->envname("ENGRAM_CLIENT_CERT")
                          ->type_name("FILE");
  command->add_option("--client-key", choice->tls.key_file, "Its private key (PEM)")
      ->envname("ENGRAM_CLIENT_KEY")
      ->type_name("FILE")
      ->needs(certificate);
}

void AddAdminOptions(CLI::App* command, StoreChoice* choice) {
  AddStoreOptions(command, choice);
  command->add_option("--admin-key-file", choice->admin_key_file, "The admin key, in its file")
      ->envname("ENGRAM_ADMIN_KEY_FILE")
      ->type_name("FILE");
}

StoreChoice AsAdmin(StoreChoice choice) {
  if (!choice.admin_key_file.empty()) choice.key_file = choice.admin_key_file;
  return choice;
}

Result<StoreAccess> OpenAccess(const StoreChoice& choice, IfNoStore if_no_store) {
  if (!choice.data_dir.empty()) return OpenFolder(choice.data_dir, if_no_store);
  ASSIGN_OR_RETURN(const ServerUrl at, ParseServerUrl(choice.server));
  ClientOptions options;
  options.host = at.host;
  options.port = at.port;
  if (at.tls) options.tls = choice.tls;
  ASSIGN_OR_RETURN(options.key, KeyOf(choice));
  StoreAccess access;
  ASSIGN_OR_RETURN(access.client, Client::Connect(options));
  return access;
}

Result<std::unique_ptr<Transport>> TransportTo(const StoreChoice& choice) {
  ASSIGN_OR_RETURN(const ServerUrl at, ParseServerUrl(choice.server));
  HttpTransportOptions options;
  options.host = at.host;
  options.port = at.port;
  if (at.tls) options.tls = choice.tls;
  ASSIGN_OR_RETURN(options.key, KeyOf(choice));
  return NewHttpTransport(std::move(options));
}

const std::string& StoreName(const StoreChoice& choice) {
  return choice.data_dir.empty() ? choice.server : choice.data_dir;
}

}  // namespace engram
