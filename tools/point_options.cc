#include "tools/point_options.h"

namespace engram {

void AddPayloadOptions(CLI::App* command, PayloadMapping* mapping) {
  command->add_option("--text", mapping->text, "Payload field with the text")
      ->capture_default_str()
      ->type_name("FIELD");
  command->add_option("--fields", mapping->fields, "Payload fields that are texts, too")
      ->delimiter(',')
      ->type_name("FIELD,…");
  command->add_option("--user-id", mapping->user_id, "Payload field with the user")->type_name("FIELD");
  command->add_option("--agent-id", mapping->agent_id, "Payload field with the agent")->type_name("FIELD");
  command->add_option("--run-id", mapping->run_id, "Payload field with the run")->type_name("FIELD");
  command->add_option("--created-at", mapping->created_at, "Payload field with the time it was made")
      ->type_name("FIELD");
}

void AddQdrantServerOptions(CLI::App* command, QdrantServer* server) {
  command->add_option("--api-key", server->api_key, "Qdrant's key; the environment hides it better than a command line")
      ->envname("QDRANT_API_KEY")
      ->type_name("KEY");
  command
      ->add_option("--qdrant-ca-file", server->ca_file,
                   "Trust the authorities in this file (PEM) instead of the system's")
      ->type_name("FILE");
  command->add_option("--timeout", server->timeout_seconds, "Seconds to wait for an answer")
      ->capture_default_str()
      ->check(CLI::Range(1, 3'600))
      ->type_name("S");
  command->add_option("--page", server->page_points, "Points to ask for at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000))
      ->type_name("N");
}

}  // namespace engram
