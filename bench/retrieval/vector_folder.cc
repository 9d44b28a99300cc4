// A folder holds:
//   rows.f32, queries.f32    32-bit floats, row by row
//   groups.u32               the group of each row, then of each query
//   data.json                written last: what stands above is complete
//   exact*.u32               for each query its number of rows and the rows
//   <index>, <index>.json    as its engine saves it; what building cost, written last
#include "bench/retrieval/vector_folder.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <simdjson.h>

namespace engram::bench {
namespace {

[[noreturn]] void DieOf(const std::string& what) {
  fmt::print(stderr, "vector: {}\n", what);
  std::exit(1);
}

// What may differ between two sets of vectors.
std::string KeyOf(const DataOptions& data) {
  if (data.file.empty()) {
    return fmt::format("mixture-{}x{}-latent{}-queries{}-seed{}", data.vectors, data.dimensions, data.latent,
                       data.queries, data.seed);
  }
  std::error_code error;
  const auto bytes = std::filesystem::file_size(data.file, error);
  if (error) DieOf("can't read " + data.file);
  const auto changed = std::filesystem::last_write_time(data.file).time_since_epoch().count();
  return fmt::format("{}-{}x{}-queries{}-{}", std::filesystem::path(data.file).filename().string(),
                     bytes / sizeof(float) / data.dimensions, data.dimensions, data.queries, changed);
}

void Write(const std::string& path, const void* bytes, size_t size) {
  const std::string part = path + ".part";
  std::ofstream out(part, std::ios::binary);
  out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  out.close();
  std::error_code error;
  std::filesystem::rename(part, path, error);
  if (!out.good() || error) DieOf("can't write " + path);
}

void Write(const std::string& path, const std::string& text) { Write(path, text.data(), text.size()); }

std::vector<uint32_t> ReadNumbers(const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  std::vector<uint32_t> numbers(error ? 0 : bytes / sizeof(uint32_t));
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(numbers.size() * sizeof(uint32_t)));
  if (error || !in.good()) DieOf("can't read " + path);
  return numbers;
}

void WriteNumbers(const std::string& path, const std::vector<uint32_t>& numbers) {
  Write(path, numbers.data(), numbers.size() * sizeof(uint32_t));
}

}  // namespace

VectorFolder::VectorFolder(const std::string& root, const DataOptions& data) : data_(data), keeps_(!root.empty()) {
  if (keeps_) {
    folder_ = root + "/" + KeyOf(data);
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) DieOf("can't make " + folder_);
    return;
  }
  folder_ = (std::filesystem::temp_directory_path() / "engram-vector-XXXXXX").string();
  if (mkdtemp(folder_.data()) == nullptr) DieOf("can't make " + folder_);
}

VectorFolder::~VectorFolder() {
  std::error_code ignored;
  if (!keeps_) std::filesystem::remove_all(folder_, ignored);
}

VectorSet VectorFolder::Load() const {
  if (!data_.file.empty()) return FileVectors(data_.file, data_.dimensions, data_.queries);
  if (!keeps_) return MixtureVectors(data_.seed, data_.vectors, data_.queries, data_.dimensions, data_.latent);
  const std::string done = Path("data.json");
  if (!std::filesystem::exists(done)) {
    const VectorSet made =
        MixtureVectors(data_.seed, data_.vectors, data_.queries, data_.dimensions, data_.latent, folder_);
    std::vector<uint32_t> groups = made.row_group;
    groups.insert(groups.end(), made.query_group.begin(), made.query_group.end());
    WriteNumbers(Path("groups.u32"), groups);
    Write(done, fmt::format("{{\"name\": \"{}\", \"groups\": {}}}\n", made.name, made.groups));
  }
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  std::string_view name;
  uint64_t groups = 0;
  if (parser.load(done).get(json) != simdjson::SUCCESS || json["name"].get(name) != simdjson::SUCCESS ||
      json["groups"].get(groups) != simdjson::SUCCESS) {
    DieOf(done + " is damaged; remove it");
  }
  VectorSet set{std::string(name),
                Vectors::Map(Path("rows.f32"), data_.dimensions),
                Vectors::Map(Path("queries.f32"), data_.dimensions),
                ReadNumbers(Path("groups.u32")),
                {},
                static_cast<uint32_t>(groups)};
  if (set.rows.rows() != data_.vectors || set.queries.rows() != data_.queries ||
      set.row_group.size() != data_.vectors + data_.queries) {
    DieOf(folder_ + " is damaged; remove it");
  }
  set.query_group.assign(set.row_group.begin() + static_cast<ptrdiff_t>(data_.vectors), set.row_group.end());
  set.row_group.resize(data_.vectors);
  return set;
}

std::optional<BuildCost> VectorFolder::Earlier(const std::string& index) const {
  const std::string path = Path(index + ".json");
  if (!std::filesystem::exists(path)) return {};
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  BuildCost cost;
  uint64_t threads = 0;
  if (parser.load(path).get(json) != simdjson::SUCCESS || json["threads"].get(threads) != simdjson::SUCCESS ||
      json["cpu_seconds"].get(cost.cpu_seconds) != simdjson::SUCCESS ||
      json["wall_seconds"].get(cost.wall_seconds) != simdjson::SUCCESS) {
    DieOf(path + " is damaged; remove it");
  }
  cost.threads = threads;
  cost.earlier = true;
  return cost;
}

void VectorFolder::Keep(const std::string& index, const BuildCost& cost) const {
  if (!keeps_) return;
  Write(Path(index + ".json"), fmt::format("{{\"threads\": {}, \"cpu_seconds\": {:.2f}, \"wall_seconds\": {:.2f}}}\n",
                                           cost.threads, cost.cpu_seconds, cost.wall_seconds));
}

std::vector<Rows> VectorFolder::Exact(const std::string& name,
                                      const std::function<std::vector<Rows>()>& compute) const {
  const std::string path = Path(name + ".u32");
  std::vector<Rows> exact;
  if (keeps_ && std::filesystem::exists(path)) {
    const std::vector<uint32_t> numbers = ReadNumbers(path);
    for (size_t i = 0; i < numbers.size();) {
      const size_t count = numbers[i++];
      if (count > numbers.size() - i) DieOf(path + " is damaged; remove it");
      exact.emplace_back(numbers.begin() + static_cast<ptrdiff_t>(i),
                         numbers.begin() + static_cast<ptrdiff_t>(i + count));
      i += count;
    }
    return exact;
  }
  exact = compute();
  if (!keeps_) return exact;
  std::vector<uint32_t> numbers;
  for (const Rows& rows : exact) {
    numbers.push_back(static_cast<uint32_t>(rows.size()));
    numbers.insert(numbers.end(), rows.begin(), rows.end());
  }
  WriteNumbers(path, numbers);
  return exact;
}

}  // namespace engram::bench
