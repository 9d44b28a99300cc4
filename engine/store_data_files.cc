#include "engine/store_data_files.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/metadata.h>

namespace engram {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

// The checksum as RocksDB made it when the file was written; NotFound when there is no file.
Result<std::string> ReadChecksum(const DataFile& file) {
  std::unique_ptr<rocksdb::SequentialFile> in;
  rocksdb::Status status = rocksdb::Env::Default()->NewSequentialFile(file.path, &in, rocksdb::EnvOptions());
  if (status.IsPathNotFound() || status.IsNotFound()) return NotFound(file.path + " is gone");
  if (!status.ok()) return Unavailable(status.ToString());
  rocksdb::FileChecksumGenContext context;
  context.file_name = file.path;
  const auto checksum = rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator(context);
  std::string scratch(kPieceBytes, '\0');
  uint64_t read = 0;
  for (rocksdb::Slice piece(" ");;) {
    status = in->Read(kPieceBytes, &piece, scratch.data());
    if (!status.ok()) return Unavailable(fmt::format("reading {} failed: {}", file.path, status.ToString()));
    if (piece.empty()) break;
    checksum->Update(piece.data(), piece.size());
    read += piece.size();
  }
  if (read != file.bytes) return Corruption(fmt::format("{} has {} bytes, not {}", file.path, read, file.bytes));
  checksum->Finalize();
  return checksum->GetChecksum();
}

}  // namespace

std::vector<DataFile> ListDataFiles(rocksdb::DB* db) {
  std::vector<rocksdb::LiveFileMetaData> live;
  db->GetLiveFilesMetaData(&live);
  std::vector<DataFile> files;
  for (const auto& file : live) {
    files.push_back({file.db_path + file.name, file.size, file.smallestkey, file.largestkey, file.file_checksum});
  }
  return files;
}

Status CheckDataFile(const DataFile& file) {
  const auto checksum = ReadChecksum(file);
  if (checksum.status().code() == StatusCode::kNotFound) return Corruption(checksum.status().message());
  RETURN_IF_ERROR(checksum.status());
  if (file.checksum.empty() || *checksum == file.checksum) return {};
  return Corruption(file.path + " does not match its checksum");
}

}  // namespace engram
