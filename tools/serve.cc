// engram serve: the server over one data folder, until a signal ends it.
//
// Order of life: the process gives up what it never needs (sandbox.h), the port is taken (a second server fails at
// once, and /healthz answers while a large store opens), the rest is given up, then the engine opens, then the routes.
// Order of death: stop accepting, end the reads that wait for a position, let requests in flight finish, end the reads
// that are left, close the engine (which finishes the writes it has accepted).
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "engine/doctor/verify_jobs.h"
#include "server/server.h"
#include "tools/command.h"
#include "tools/descriptors.h"
#include "tools/engine_gauges.h"
#include "tools/kept_copies.h"
#include "tools/last_words.h"
#include "tools/listen_address.h"
#include "tools/sandbox.h"
#include "tools/served_store.h"
#include "tools/stop_signals.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  engram serve --data ./data\n"
    "  engram serve --data /var/lib/engram --listen 127.0.0.1:7700 --index-memory 8GiB\n"
    "  engram serve --data ./data --listen 127.0.0.1:0 --port-file port     any free port, told in a file\n"
    "  engram serve --data ./data --listen 0.0.0.0:7700 --tls-cert cert.pem --tls-key key.pem --admin-key-file "
    "admin.key\n"
    "\n"
    "Without keys everyone on this machine may come in, and the server listens on loopback alone. `engram keys` makes\n"
    "keys. Any other address needs keys and TLS; --insecure-listen does without either, in a container or a network "
    "that\n"
    "is yours alone. Changed TLS files are taken up within a second, or at SIGHUP.\n"
    "SIGTERM and Ctrl-C end it gracefully; a second one at once.\n"
    "Every option may also stand in a file given with --config (name = value, one a line).";

struct ServeOptions {
  std::string listen = "127.0.0.1:7700";
  std::string log_level = "info";
  std::string port_file;
  DoorOptions door;
  std::string jwt_config_file;
  AuditLogOptions audit;
  uint64_t audit_log_max_mib = 64;
  std::string user;
  bool sandbox = true;
  ServiceOptions service;
  ServerOptions server;
  int64_t log_retention_hours = 7 * 24;
  int64_t seal_rest_seconds = 5;
  int64_t drain_seconds = 5;
  KeptCopiesOptions copies;
  VerifyOptionsOfServer verify;
  int64_t verify_interval_seconds = 60;
};

// The port is there only once requests are served: who waits for the file waits for the server.
Status WritePortFile(const std::string& path, uint16_t port) {
  if (path.empty()) return {};
  return FileSystem::Posix().ReplaceFile(path, fmt::format("{}\n", port));
}

// --insecure-listen was said; that everyone may come in then is said once more.
void WarnIfOpen(const ServeOptions& options, const Door& door) {
  if (door.wants_keys || !options.server.insecure_listen) return;
  Log(LogLevel::kWarning, "no_keys",
      {{"address", options.server.address}, {"who_reaches_it", "may read and write everything"}});
}

// Whoever reaches the address would be let in.
Status CheckKeys(const ServeOptions& options, const Door& door) {
  if (door.wants_keys || options.server.insecure_listen || IsLoopbackAddress(options.server.address)) return {};
  return InvalidArgument(fmt::format("{} can be reached from other machines, and everyone who reaches it would be let "
                                     "in: give --admin-key-file and make keys with `engram keys`, or --insecure-listen "
                                     "where the network between is yours alone",
                                     options.server.address))
      .At("listen");
}

// A person gets a sentence; the log line on stderr is for machines.
void Greet(const ServeOptions& options, uint16_t port) {
  if (isatty(STDOUT_FILENO) == 0) return;
  const bool v6 = options.server.address.find(':') != std::string::npos;
  const char* scheme = options.server.tls.certificate.empty() ? "http" : "https";
  fmt::print("engram listens on {}://{}{}{}:{}, data in {}. Ctrl-C stops it.\n", scheme, v6 ? "[" : "",
             options.server.address, v6 ? "]" : "", port, options.service.engine_options.data_dir);
  std::fflush(stdout);
}

Status Prepare(ServeOptions* options) {
  ASSIGN_OR_RETURN(const LogLevel level, ParseLogLevel(options->log_level));
  SetLogLevel(level);
  ASSIGN_OR_RETURN(HostPort listen, ParseHostPort(options->listen));
  options->server.address = listen.host == "localhost" ? "127.0.0.1" : std::move(listen.host);
  options->server.port = listen.port;
  options->server.limits.drain = std::chrono::seconds(options->drain_seconds);
  options->audit.file_bytes_max = options->audit_log_max_mib << 20;
  options->service.version = ENGRAM_VERSION;
  ASSIGN_OR_RETURN(options->server.limits.connections, TakeDescriptors(options->server.limits.connections));
  options->service.server_limits = options->server.limits;
  options->service.engine_options.log_retention_seconds = options->log_retention_hours * 3600;
  options->verify.interval = std::chrono::seconds(options->verify_interval_seconds);
  options->service.engine_options.seal_rest = std::chrono::seconds(options->seal_rest_seconds);
  // Its keys may be where the server may not look any more later on.
  if (!options->jwt_config_file.empty()) {
    ASSIGN_OR_RETURN(options->door.tokens, LoadJwtConfig(options->jwt_config_file));
  }
  // A stale one would tell who waits for it the port of a server that is gone.
  std::error_code ignored;
  if (!options->port_file.empty()) std::filesystem::remove(options->port_file, ignored);
  return {};
}

// What large blocks held goes back to the kernel when they are freed, as those of a part do that was sealed. Left to
// itself glibc raises this threshold as soon as one of them was freed, and keeps the next ones.
void GiveMemoryBack() { (void)mallopt(M_MMAP_THRESHOLD, 1 << 20); }

// Where a file is, and where it is when links are followed: a renewed one is another file in the same place.
void AddPlaces(const std::string& file, std::vector<std::string>* places) {
  if (file.empty()) return;
  std::error_code failed;
  for (const auto& path : {std::filesystem::absolute(file, failed), std::filesystem::canonical(file, failed)}) {
    if (!path.empty()) places->push_back(path.parent_path().string());
  }
}

// Before any thread is started: what the server may open from here on.
Status EnterSandbox(const ServeOptions& options, SandboxState* state) {
  if (!options.sandbox) return {};
  SandboxFolders folders;
  const KeptCopiesOptions& copies = options.copies;
  for (const std::string& folder : {options.service.engine_options.data_dir, copies.backup_dir, copies.archive_dir}) {
    if (folder.empty()) continue;
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return Unavailable(fmt::format("can't make the folder {}: {}", folder, failed.message()));
    folders.writable.push_back(folder);
  }
  if (!options.port_file.empty()) {
    const auto folder = std::filesystem::path(options.port_file).parent_path();
    const std::string name = folder.empty() ? "." : folder.string();
    // One that is not there is told when the port is written.
    std::error_code failed;
    if (std::filesystem::is_directory(name, failed)) folders.writable.push_back(name);
  }
  if (!options.door.admin_key_file.empty()) folders.readable.push_back(options.door.admin_key_file);
  const TlsFiles& tls = options.server.tls;
  for (const std::string* file : {&tls.certificate, &tls.key, &tls.client_ca}) AddPlaces(*file, &folders.readable);
  return ConfineFiles(folders, state);
}

// Once the port is taken: another user, fewer system calls; and what came of all that.
Status FinishSandbox(const ServeOptions& options, SandboxState* state) {
  if (!options.user.empty()) RETURN_IF_ERROR(BecomeUser(options.user));
  if (options.sandbox) RETURN_IF_ERROR(ConfineSystemCalls(state));
  const bool whole = state->landlock_abi > 0 && state->seccomp;
  Log(options.sandbox && !whole ? LogLevel::kWarning : LogLevel::kInfo, "sandbox",
      {{"on", options.sandbox},
       {"landlock_abi", state->landlock_abi},
       {"seccomp", state->seccomp},
       {"user", static_cast<uint64_t>(geteuid())}});
  return {};
}

Status RunServer(ServeOptions options) {
  SayWhyWhenStopped();
  GiveMemoryBack();
  RETURN_IF_ERROR(Prepare(&options));
  Server* reloading = nullptr;  // of this thread, which waits for signals
  std::function<void()> on_hangup;
  if (!options.server.tls.certificate.empty()) {
    on_hangup = [&reloading] { reloading->ReloadTls(); };
  }
  StopSignals signals(std::move(on_hangup));
  SandboxState sandbox;
  RETURN_IF_ERROR(EnterSandbox(options, &sandbox));
  std::atomic<Engine*> engine{nullptr};
  std::atomic<Service*> service{nullptr};
  std::atomic<const LogArchiver*> archiver{nullptr};
  std::atomic<const VerifyJobs*> verify{nullptr};
  options.server.gauges = [&engine, &archiver, &verify] {
    std::vector<Gauge> gauges;
    if (Engine* opened = engine.load()) gauges = EngineGauges(*opened);
    if (const LogArchiver* archiving = archiver.load()) {
      for (Gauge& gauge : ArchiveGauges(*archiving, Clock::Real().Now())) gauges.push_back(std::move(gauge));
    }
    if (const VerifyJobs* verifying = verify.load()) {
      for (Gauge& gauge : VerifyGauges(*verifying)) gauges.push_back(std::move(gauge));
    }
    return gauges;
  };
  options.server.on_drain = [&service] {
    if (Service* opened = service.load()) opened->StartDraining();
  };
  options.server.on_cut_off = [&engine] {
    if (Engine* opened = engine.load()) opened->EndReads();
  };
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(options.server));
  RETURN_IF_ERROR(FinishSandbox(options, &sandbox));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<OpenedStore> store,
      OpenServedStore(options.service, options.audit, {.keep_log_bytes = options.copies.keep_log_bytes()}));
  ASSIGN_OR_RETURN(Door door, OpenDoor(*store, options.door));
  RETURN_IF_ERROR(CheckKeys(options, door));
  ASSIGN_OR_RETURN(KeptCopies copies, StartKeptCopies(options.copies, *store->engine));
  store->service->backups = copies.backups.get();
  auto verifying = std::make_unique<VerifyJobs>(&LiveStoreOf(*store->engine), options.verify);
  store->service->verify = verifying.get();
  // From here on the server must be stopped before the store goes.
  engine = store->engine.get();
  service = store->service.get();
  archiver = copies.archiver.get();
  verify = verifying.get();
  WarnIfOpen(options, door);
  server->Open(store->router, std::move(door.authenticator), store->audit.get());
  if (Status status = WritePortFile(options.port_file, server->port()); !status.ok()) {
    server->Stop();
    return status;
  }
  Log(LogLevel::kInfo, "ready",
      {{"version", ENGRAM_VERSION},
       {"address", options.server.address},
       {"port", server->port()},
       {"data", options.service.engine_options.data_dir}});
  Greet(options, server->port());

  reloading = server.get();
  const int signal = signals.Wait();
  Log(LogLevel::kInfo, "stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  server->Stop();
  engine = nullptr;
  archiver = nullptr;
  verify = nullptr;
  verifying.reset();
  copies = {};
  store->engine.reset();
  Log(LogLevel::kInfo, "closed");
  return {};
}

void AddLimits(CLI::App* serve, ServeOptions* options) {
  RequestLimits& request = options->service.limits;
  ServerLimits& server = options->server.limits;
  const auto limit = [serve](const char* name, auto& value, const char* what) {
    return serve->add_option(name, value, what)->capture_default_str()->group("Limits");
  };
  limit("--max-body", server.body_bytes, "Bytes of a request's body")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("SIZE")
      ->default_str("32MiB");
  limit("--max-bodies", server.bodies_bytes, "Bytes of all large bodies at a time; beyond: 429")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("SIZE")
      ->default_str("256MiB");
  limit("--max-batch", request.batch_items, "Items of one batch");
  limit("--max-text", request.text_bytes, "Bytes of a text or field")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("SIZE")
      ->default_str("1MiB");
  limit("--max-dimensions", request.dimensions, "Dimensions of a vector");
  limit("--max-top-k", request.top_k, "Hits of one search");
  limit("--max-offset", request.offset, "Hits a search may skip");
  limit("--max-connections", server.connections, "Open connections");
  limit("--max-queued-requests", server.queued_requests, "Requests waiting for a worker; beyond: 429");
  limit("--max-queued-writes", options->service.engine_options.queue_mutations_max,
        "Writes waiting to be committed; beyond: 429");
}

}  // namespace

void AddServeCommand(CLI::App& app, ChosenCommand* chosen) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* serve = app.add_subcommand("serve", "Serve a data folder over HTTP");
  serve->footer(kExamples);
  serve->set_config("--config", "", "A file with options")->type_name("FILE");

  EngineOptions& engine = options->service.engine_options;
  serve->add_option("--data", engine.data_dir, "The data folder; made if absent")
      ->required()
      ->envname("ENGRAM_DATA")
      ->type_name("DIR");
  serve->add_option("--listen", options->listen, "Where to listen; port 0 takes any free one")
      ->capture_default_str()
      ->envname("ENGRAM_LISTEN")
      ->type_name("HOST:PORT");
  serve->add_flag("--insecure-listen", options->server.insecure_listen,
                  "Allow an address other than loopback without TLS or without keys");
  auto* certificate = serve
                          ->add_option("--tls-cert", options->server.tls.certificate,
                                       "Speak TLS with this certificate and its chain (PEM)")
                          ->envname("ENGRAM_TLS_CERT")
                          ->type_name("FILE");
  auto* key =
      serve->add_option("--tls-key", options->server.tls.key, "Its private key (PEM), which its owner alone may read")
          ->envname("ENGRAM_TLS_KEY")
          ->type_name("FILE")
          ->needs(certificate);
  certificate->needs(key);
  serve
      ->add_option("--tls-client-ca", options->server.tls.client_ca,
                   "Clients must show a certificate that one of these has signed (PEM)")
      ->envname("ENGRAM_TLS_CLIENT_CA")
      ->type_name("FILE")
      ->needs(certificate);
  serve
      ->add_option("--admin-key-file", options->door.admin_key_file,
                   "The admin key, made by `engram keys admin`: every request needs a key then")
      ->envname("ENGRAM_ADMIN_KEY_FILE")
      ->type_name("FILE");
  serve
      ->add_option(
          "--jwt-config", options->jwt_config_file,
          "Whose JSON Web Tokens are credentials (JSON; see docs/security.md): every request needs one, or a key")
      ->envname("ENGRAM_JWT_CONFIG")
      ->type_name("FILE");
  serve->add_option("--allow-host", options->server.allowed_hosts,
                    "A Host header to accept beside localhost; * for any (may be repeated)");
  serve->add_option("--allow-origin", options->server.allowed_origins,
                    "A browser's Origin to accept (may be repeated)");
  serve->add_option("--port-file", options->port_file, "Write the port here once requests are served")
      ->type_name("FILE");
  serve
      ->add_option("--user", options->user,
                   "Become this user once the port is taken; the data folder and the key file are its own")
      ->type_name("NAME");
  serve->add_flag_callback(
      "--no-sandbox", [options] { options->sandbox = false; },
      "Keep the right to open any file and to make any system call");
  serve->add_option("--log-level", options->log_level, "debug, info, warning or error")->capture_default_str();
  serve->add_flag_callback(
      "--no-access-log", [options] { options->server.access_log = false; }, "No log line for each request");

  AddKeptCopiesOptions(serve, &options->copies);
  serve->add_option("--index-memory", engine.index_memory_bytes, "Budget for indexes in memory, such as 2GiB")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("SIZE")
      ->default_str("2GiB")
      ->group("Resources");
  serve->add_option("--block-cache", engine.block_cache_bytes, "Cache of the row store")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("SIZE")
      ->default_str("256MiB")
      ->group("Resources");
  serve
      ->add_option("--min-free-space", engine.min_free_bytes,
                   "Less free on the disk, and what adds to the store is refused (507)")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("SIZE")
      ->default_str("256MiB")
      ->group("Resources");
  serve->add_option("--seal-rows", engine.seal_rows, "Memories that a namespace may have in memory beyond its segments")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group("Resources");
  serve->add_option("--seal-bytes", engine.seal_bytes, "The same in bytes of their text and vectors")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("SIZE")
      ->default_str("16MiB")
      ->group("Resources");
  serve->add_option("--graph-rows", engine.graph_rows, "Vectors from which on a segment gets a graph")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group("Resources");
  serve
      ->add_option("--seal-rest", options->seal_rest_seconds,
                   "Seconds without a write after which what is left of a large namespace leaves memory, too; 0: never")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group("Resources");
  serve
      ->add_option(
          "--verify-interval", options->verify_interval_seconds,
          "Seconds between samples by which the server holds its namespaces against themselves, one at a time; "
          "0: none are taken")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str()
      ->group("Resources");
  serve->add_option("--io-threads", options->server.io_threads, "0: one per core")->group("Resources");
  serve->add_option("--worker-threads", options->server.worker_threads, "0: two per core")->group("Resources");
  serve->add_option("--log-retention-hours", options->log_retention_hours, "How long the mutation log is kept")
      ->capture_default_str()
      ->group("Resources");
  serve
      ->add_option("--audit-log-max-mib", options->audit_log_max_mib,
                   "Size in MiB from which on the audit log goes on in another file")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str()
      ->group("Resources");
  serve->add_option("--audit-log-files", options->audit.files_max, "Files of it that are kept, with the current one")
      ->check(CLI::Range(2, 10'000))
      ->capture_default_str()
      ->group("Resources");
  serve->add_option("--drain-seconds", options->drain_seconds, "How long requests in flight may take at the end")
      ->capture_default_str()
      ->group("Resources");
  AddLimits(serve, options.get());

  serve->callback([options, chosen] {
    *chosen = [options] {
      const Status status = RunServer(*options);
      return status.ok() ? ExitCode::kOk : Fail(status);
    };
  });
}

}  // namespace engram
