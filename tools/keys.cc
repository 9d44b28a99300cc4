// engram keys: tenants, their keys and the admin key.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/json.h"
#include "base/timestamp.h"
#include "server/api_key.h"
#include "server/audit_check.h"
#include "tools/command.h"
#include "tools/keys_tenant.h"
#include "tools/store_access.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  engram keys admin admin.key                                  once: the key that makes keys\n"
    "  engram serve --data ./data --admin-key-file admin.key\n"
    "  export ENGRAM_ADMIN_KEY_FILE=admin.key\n"
    "  engram keys tenant add acme\n"
    "  engram keys create --tenant acme --verb read --verb write --out acme.key\n"
    "  engram keys create --tenant acme --verb read --namespace 'chat-*' --ttl-days 90\n"
    "  engram keys list --tenant acme\n"
    "  engram keys rotate --tenant acme ID --grace-hours 24 --out acme.key\n"
    "  engram keys revoke --tenant acme ID\n"
    "  engram keys audit ./data/audit.log\n"
    "\n"
    "A key is shown once, on standard output or in the file of --out, and is stored nowhere.";

constexpr uint64_t kDaySeconds = 86'400;

struct KeyOptions {
  StoreChoice store;
  std::string tenant;
  std::string id;
  std::string name;
  std::vector<std::string> verbs;
  std::vector<std::string> namespaces;
  std::string expires_at;
  uint64_t ttl_days = 0;
  std::optional<uint64_t> grace_hours;
  std::string out;
  bool json = false;
};

// A new file that its owner alone may read.
Status WriteSecret(const std::string& path, const std::string& secret) {
  const auto failed = [&path] {
    return Unavailable(fmt::format("can't write {}: {}", path, std::generic_category().message(errno)));
  };
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) return AlreadyExists(fmt::format("{} is there already", path));
  if (file < 0) return failed();
  const std::string line = secret + "\n";
  const bool written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  Status status = written && ::fsync(file) == 0 ? Status() : failed();
  ::close(file);
  return status;
}

template <class Request>
Status SetExpiry(const KeyOptions& options, Request* request) {
  if (options.ttl_days > 0) request->set_ttl_seconds(options.ttl_days * kDaySeconds);
  if (options.expires_at.empty()) return {};
  ASSIGN_OR_RETURN(const Timestamp time, ParseRfc3339(options.expires_at));
  request->mutable_expires_at()->set_seconds(time.micros / 1'000'000);
  request->mutable_expires_at()->set_nanos(static_cast<int32_t>(time.micros % 1'000'000) * 1'000);
  return {};
}

// The key alone goes to standard output, for a program to take; what a person wants to know goes beside it.
Status Show(const KeyOptions& options, const v1::CreateKeyReply& made) {
  const v1::ApiKey& info = made.info();
  if (options.out.empty()) {
    fmt::print("{}\n", made.key());
    std::fflush(stdout);
  } else if (Status status = WriteSecret(options.out, made.key()); !status.ok()) {
    return {status.code(),
            fmt::format("{}; the key {} is made and shown to nobody: revoke it", status.message(), info.id())};
  }
  fmt::print(stderr, "key {} of tenant {}: {}; {}\n", info.id(), info.tenant(), fmt::join(info.verbs(), ", "),
             info.namespaces().empty() ? "all namespaces" : fmt::format("{}", fmt::join(info.namespaces(), ", ")));
  if (options.out.empty()) fmt::print(stderr, "It is not shown again.\n");
  return {};
}

// Taken before the key is made: one that can't be kept need not exist.
Status CheckOut(const KeyOptions& options) {
  if (options.out.empty() || ::access(options.out.c_str(), F_OK) != 0) return {};
  return AlreadyExists(fmt::format("{} is there already", options.out));
}

Status Create(const KeyOptions& options, Client& client) {
  RETURN_IF_ERROR(CheckOut(options));
  v1::CreateKeyRequest request;
  request.set_name(options.name);
  for (const std::string& verb : options.verbs) request.add_verbs(verb);
  for (const std::string& ns : options.namespaces) request.add_namespaces(ns);
  RETURN_IF_ERROR(SetExpiry(options, &request));
  ASSIGN_OR_RETURN(const v1::CreateKeyReply made, client.CreateKey(options.tenant, request));
  return Show(options, made);
}

Status Rotate(const KeyOptions& options, Client& client) {
  RETURN_IF_ERROR(CheckOut(options));
  v1::RotateKeyRequest request;
  if (options.grace_hours) request.set_grace_seconds(*options.grace_hours * 3600);
  RETURN_IF_ERROR(SetExpiry(options, &request));
  ASSIGN_OR_RETURN(const v1::CreateKeyReply made, client.RotateKey(options.tenant, options.id, request));
  return Show(options, made);
}

Status Revoke(const KeyOptions& options, Client& client) {
  ASSIGN_OR_RETURN(const v1::ApiKey key, client.RevokeKey(options.tenant, options.id));
  fmt::print("key {} is {}\n", key.id(), key.state());
  return {};
}

std::string TimeOf(const google::protobuf::Timestamp& time) {
  return FormatRfc3339(Timestamp{time.seconds() * 1'000'000 + time.nanos() / 1'000});
}

Status List(const KeyOptions& options, Client& client) {
  ASSIGN_OR_RETURN(const v1::ListKeysReply reply, client.ListKeys(options.tenant));
  if (options.json) {
    fmt::print("{}\n", PrintJson(reply));
    return {};
  }
  for (const v1::ApiKey& key : reply.keys()) {
    fmt::print("{}  {:<8} {}  {}  {}{}  {}\n", key.id(), key.state(), TimeOf(key.created_at()),
               fmt::join(key.verbs(), ","),
               key.namespaces().empty() ? "*" : fmt::format("{}", fmt::join(key.namespaces(), ",")),
               key.has_expires_at() ? "  until " + TimeOf(key.expires_at()) : "", key.name());
  }
  return {};
}

using KeyWork = Status (*)(const KeyOptions& options, Client& client);

CLI::App* AddKeyCommand(CLI::App* keys, const char* name, const char* what, KeyWork work, ChosenCommand* chosen,
                        const std::shared_ptr<KeyOptions>& options) {
  CLI::App* command = keys->add_subcommand(name, what);
  AddAdminOptions(command, &options->store);
  command->add_option("--tenant", options->tenant, "Whose key")->required();
  const IfNoStore if_no_store = work == &Create ? IfNoStore::kCreate : IfNoStore::kFail;
  command->callback([options, work, if_no_store, chosen] {
    *chosen = [options, work, if_no_store] {
      return WithAdmin(options->store, if_no_store, [&](Client& client) { return work(*options, client); });
    };
  });
  return command;
}

void AddExpiry(CLI::App* command, KeyOptions* options) {
  auto* days =
      command->add_option("--ttl-days", options->ttl_days, "Days until it expires; it never does when not given")
          ->check(CLI::PositiveNumber);
  command->add_option("--expires-at", options->expires_at, "When it expires, such as 2027-01-01T00:00:00Z")
      ->excludes(days);
  command->add_option("--out", options->out, "Write the key to this new file instead of standard output")
      ->type_name("FILE");
}

void AddAdmin(CLI::App* keys, ChosenCommand* chosen) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = keys->add_subcommand("admin", "Make an admin key, in a new file with mode 0600");
  command->add_option("file", *path, "The file, for `engram serve --admin-key-file`")->required()->type_name("FILE");
  command->callback([path, chosen] {
    *chosen = [path] {
      const Status status = WriteSecret(*path, MakeAdminKey());
      return status.ok() ? ExitCode::kOk : Fail(status);
    };
  });
}

void AddAudit(CLI::App* keys, ChosenCommand* chosen) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = keys->add_subcommand("audit", "Check that each line of an audit log follows from the one before");
  command->add_option("file", *path, "audit.log of a data folder, or a copy, with its older files beside it")
      ->required()
      ->type_name("FILE");
  command->callback([path, chosen] {
    *chosen = [path] {
      const Result<AuditCheck> check = VerifyAuditLog(*path);
      if (!check.ok()) return Fail(check.status());
      fmt::print("{} lines in {} {}, each following from the one before; hash of the last: {}\n", check->lines,
                 check->files, check->files == 1 ? "file" : "files", check->last_hash);
      if (check->first > 1) {
        fmt::print("The first is line {}: those before it were removed, as the log itself says.\n", check->first);
      }
      return ExitCode::kOk;
    };
  });
}

}  // namespace

void AddKeysCommand(CLI::App& app, ChosenCommand* chosen) {
  CLI::App* keys = app.add_subcommand("keys", "Make, list, rotate and revoke keys; add and drop tenants");
  keys->footer(kExamples);
  keys->require_subcommand(1);
  AddAdmin(keys, chosen);
  auto create = std::make_shared<KeyOptions>();
  CLI::App* command = AddKeyCommand(keys, "create", "Make a key and show it, once", &Create, chosen, create);
  command->add_option("--verb", create->verbs, "read, write, import, admin or metrics (may be repeated)")->required();
  command->add_option("--namespace,-n", create->namespaces,
                      "A namespace it is for, or a prefix and * (may be repeated); all when not given");
  command->add_option("--name", create->name, "What it is for, for people");
  AddExpiry(command, create.get());
  auto list = std::make_shared<KeyOptions>();
  command = AddKeyCommand(keys, "list", "List a tenant's keys, without what is secret of them", &List, chosen, list);
  command->add_flag("--json", list->json, "As the API gives it");
  auto revoke = std::make_shared<KeyOptions>();
  command = AddKeyCommand(keys, "revoke", "End a key now", &Revoke, chosen, revoke);
  command->add_option("id", revoke->id, "The key's id, its middle part")->required();
  auto rotate = std::make_shared<KeyOptions>();
  command = AddKeyCommand(keys, "rotate", "Make a key's successor, and end it after a grace", &Rotate, chosen, rotate);
  command->add_option("id", rotate->id, "The key's id, its middle part")->required();
  command->add_option("--grace-hours", rotate->grace_hours, "How long the old key still works; a day when not given");
  AddExpiry(command, rotate.get());
  AddTenantCommands(keys, chosen);
  AddAudit(keys, chosen);
}

}  // namespace engram
