// What tests of `engram migrate push-back` share, whatever is pushed back to. Their store is the folder's "store", and
// the namespace is "notes" unless said otherwise.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "client/cpp/client.h"
#include "tests/tools/cli_run.h"
#include "tools/store_access.h"

namespace engram {

class PushBackFixture : public CliTest {
 protected:
  static bool Has(const CliResult& result, const std::string& text) {
    return result.output.find(text) != std::string::npos;
  }

  // Works on the store that the commands have left.
  void InStore(const std::function<void(Client& client)>& work) {
    StoreChoice choice;
    choice.data_dir = Path("store");
    auto access = OpenAccess(choice, IfNoStore::kFail);
    ASSERT_TRUE(access.ok()) << access.status().ToString();
    work(*access->client);
  }

  static void Patch(Client& client, const std::string& id, const std::function<void(v1::MemoryPatch& patch)>& change,
                    const std::string& ns = "notes") {
    v1::MemoryPatch patch;
    change(patch);
    const auto patched = client.PatchMemory(ns, id, patch);
    ASSERT_TRUE(patched.ok()) << patched.status().ToString();
  }
  static void Retext(Client& client, const std::string& id, const std::string& text, const std::string& ns = "notes") {
    Patch(
        client, id,
        [&](v1::MemoryPatch& patch) {
          patch.set_text(text);
          patch.set_keep_vectors(true);
        },
        ns);
  }
  static void SetFloats(const std::vector<float>& floats, v1::Vector* vector) {
    for (const float x : floats) vector->mutable_dense()->add_values(x);
  }

  // What an importer makes of the source now, beside what the store has: without where it came from, and when it was
  // made and changed, which the store knows finer than the source.
  void ExpectImportersReadWhatIsHere(const std::string& source) {
    const std::string ns = fmt::format("again{}", ++again_);
    const CliResult imported = Run(fmt::format("import {} -n {} --data store", source, ns));
    ASSERT_EQ(imported.code, 0) << imported.output;
    InStore([&](Client& client) { EXPECT_EQ(All(client, ns), All(client, "notes")); });
  }
  static std::vector<std::string> All(Client& client, const std::string& ns) {
    std::vector<std::string> all;
    v1::ExportRequest request;
    request.set_without_history(true);
    do {
      const auto page = client.Export(ns, request);
      EXPECT_TRUE(page.ok()) << page.status().ToString();
      for (v1::Memory memory : page->memories()) {
        memory.clear_source();
        memory.clear_created_at();
        memory.clear_updated_at();
        memory.clear_version();
        memory.clear_hash();
        all.push_back(memory.ShortDebugString());
      }
      request.set_cursor(page->next_cursor());
    } while (!request.cursor().empty());
    return all;
  }

 private:
  int again_ = 0;
};

}  // namespace engram
