// The one binary: `engram serve`, `engram import …` and so on. One file per subcommand.
#include <csignal>
#include <cstdio>
#include <string_view>

#include "tools/backup_commands.h"
#include "tools/command.h"
#include "tools/verify.h"

namespace {

constexpr const char* kAbout =
    "Engram keeps an agent's memory and finds it again: by keyword, by meaning, by attribute and by relation.";
constexpr const char* kExamples =
    "Examples:\n"
    "  engram serve --data ./data                                serve ./data on 127.0.0.1:7700\n"
    "  engram import jsonl memories.jsonl --namespace notes      write one memory per line\n"
    "  engram migrate status                                     how far imports are; verify, report, roll back\n"
    "  engram search --namespace notes \"what does Ann drink\"     find them again\n"
    "  engram export --namespace notes --out notes.jsonl         take everything out\n"
    "  engram keys create --tenant acme --verb read              let somebody in\n"
    "  engram backup create                                      keep a copy of all of it; restore brings it back\n"
    "  engram verify --data ./data                               check that nothing is damaged\n"
    "\n"
    "Each command has its own --help. Exit codes: 0 done, 1 failed or not complete, 2 bad command line.";

}  // namespace

int main(int argc, char** argv) {
  using engram::ExitCode;
  std::signal(SIGPIPE, SIG_IGN);  // a peer or a pager that goes away is an error we report, not our end
  CLI::App app(kAbout, "engram");
  app.footer(kExamples);
  app.set_version_flag("--version", "engram " ENGRAM_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);

  engram::ChosenCommand chosen;
  engram::AddServeCommand(app, &chosen);
  engram::AddImportCommand(app, &chosen);
  engram::AddMigrateCommand(app, &chosen);
  engram::AddExportCommand(app, &chosen);
  engram::AddBackupCommand(app, &chosen);
  engram::AddRestoreCommand(app, &chosen);
  engram::AddProbeCommand(app, &chosen);
  engram::AddKeysCommand(app, &chosen);
  engram::AddSearchCommand(app, &chosen);
  engram::AddStatsCommand(app, &chosen);
  engram::AddVerifyCommand(app, &chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 would say that a command is missing.
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty()) {
      std::fprintf(stderr, "engram: there is no command \"%s\"; `engram --help` lists them\n", argv[1]);
      return static_cast<int>(ExitCode::kBadCommand);
    }
    if (app.exit(error) == 0) return 0;
    // 2 says of a folder that it is damaged.
    const bool verify = argc > 1 && std::string_view(argv[1]) == "verify";
    return verify ? static_cast<int>(engram::VerifyExit::kCouldNotCheck) : static_cast<int>(ExitCode::kBadCommand);
  }
  return static_cast<int>(chosen());
}
