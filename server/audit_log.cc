#include "server/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/check.h"
#include "base/log.h"
#include "server/api_key.h"
#include "server/request_context.h"

namespace engram {
namespace {

constexpr size_t kHashDigits = 64;
constexpr std::string_view kPrev = ",\"prev\":\"";
constexpr std::string_view kEnd = "\"}";
constexpr std::string_view kSeq = "{\"seq\":";
constexpr off_t kTailBytes = off_t{64} << 10;  // more than any line of ours

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, 32> hash{};
  unsigned size = 0;
  ENGRAM_CHECK(EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, EVP_sha256(), nullptr) == 1);
  std::string hex;
  for (const unsigned char byte : hash) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

std::string Reason() { return std::generic_category().message(errno); }

// What chains a line to the others.
struct Link {
  uint64_t seq = 0;
  std::string_view prev;
};

Result<Link> ReadLink(std::string_view line) {
  const Status no_line = Corruption("that is no line of an audit log");
  Link link;
  if (!line.starts_with(kSeq) || !line.ends_with(kEnd) || line.size() < kHashDigits + kPrev.size() + kEnd.size()) {
    return no_line;
  }
  const std::string_view digits = line.substr(kSeq.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), link.seq);
  if (error != std::errc() || *end != ',') return no_line;
  std::string_view rest = line.substr(0, line.size() - kEnd.size());
  link.prev = rest.substr(rest.size() - kHashDigits);
  rest.remove_suffix(kHashDigits);
  if (!rest.ends_with(kPrev)) return no_line;
  return link;
}

// The line of our log's own format, with the chain's members around what the logger makes of the entry.
std::string LineOf(uint64_t seq, Timestamp time, const AuditEntry& entry, uint64_t left_out, std::string_view prev) {
  std::string line = FormatLogLine(time, LogLevel::kInfo, entry.event,
                                   {{"key", entry.key},
                                    {"tenant", entry.tenant},
                                    {"subject", WithoutSecrets(entry.subject)},
                                    {"peer", entry.peer},
                                    {"route", entry.route},
                                    {"status", entry.status},
                                    {"left_out", left_out}});
  ENGRAM_CHECK(line.starts_with('{') && line.ends_with('}'));
  line = fmt::format("{}{},{}", kSeq, seq, std::string_view(line).substr(1));
  line.pop_back();
  return fmt::format("{}{}{}{}", line, kPrev, prev, kEnd);
}

Status WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(file, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      const StatusCode code = errno == ENOSPC || errno == EDQUOT ? StatusCode::kOutOfSpace : StatusCode::kUnavailable;
      return {code, fmt::format("the audit log can't be written: {}", Reason())};
    }
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return {};
}

}  // namespace

AuditEntry AuditEntryOf(const RequestContext& context, std::string peer, int status) {
  AuditEntry entry;
  entry.key = context.credential().key_id;
  const std::string* tenant = context.FindPath("tenant");
  entry.tenant = tenant != nullptr ? *tenant : context.credential().tenant_name;
  if (context.audit_note()) {
    entry.event = context.audit_note()->event;
    entry.subject = context.audit_note()->subject;
  }
  entry.peer = std::move(peer);
  entry.route = fmt::format("{} {}", context.request().method, context.route().empty() ? "(none)" : context.route());
  entry.status = status;
  return entry;
}

Result<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path, const Clock& clock) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return Unavailable(fmt::format("can't open the audit log {}: {}", path, Reason()));
  std::unique_ptr<AuditLog> log(new AuditLog(file, clock));
  const off_t size = ::lseek(file, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - kTailBytes);
  std::string tail(static_cast<size_t>(size - from), '\0');
  if (::pread(file, tail.data(), tail.size(), from) != static_cast<ssize_t>(tail.size())) {
    return Unavailable(fmt::format("can't read the audit log {}: {}", path, Reason()));
  }
  const size_t whole = tail.rfind('\n') == std::string::npos ? 0 : tail.rfind('\n') + 1;
  const size_t torn = tail.size() - whole;
  if (whole == 0 && from > 0) return Corruption(fmt::format("the audit log {} ends in a line of no end", path));
  if (torn > 0 && ::ftruncate(file, size - static_cast<off_t>(torn)) != 0) {
    return Unavailable(fmt::format("can't cut the unfinished line off {}: {}", path, Reason()));
  }
  const MutexLock lock(log->mutex_);
  log->size_ = static_cast<uint64_t>(size) - torn;
  log->last_hash_ = std::string(kHashDigits, '0');
  if (whole > 0) {
    const std::string_view lines = std::string_view(tail).substr(0, whole - 1);
    const size_t begin = lines.rfind('\n');
    const std::string_view last = begin == std::string_view::npos ? lines : lines.substr(begin + 1);
    Result<Link> link = ReadLink(last);
    if (!link.ok()) return Corruption(fmt::format("{}: {}", path, link.status().message()));
    log->next_ = link->seq + 1;
    log->last_hash_ = Sha256Hex(last);
  }
  if (torn > 0) RETURN_IF_ERROR(log->Write({"audit.cut", "", "", fmt::format("{} bytes", torn), "", "", 0}, 0));
  return log;
}

AuditLog::~AuditLog() { ::close(file_); }

Status AuditLog::Write(const AuditEntry& entry, uint64_t left_out) {
  const std::string line = LineOf(next_, clock_.Now(), entry, left_out, last_hash_);
  if (Status written = WriteAll(file_, line + "\n"); !written.ok()) {
    // Half a line must not stand before the next one.
    if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
      return Unavailable(fmt::format("the audit log has half a line that can't be cut off: {}", Reason()));
    }
    return written;
  }
  size_ += line.size() + 1;
  ++next_;
  last_hash_ = Sha256Hex(line);
  return {};
}

Status AuditLog::Append(const AuditEntry& entry) {
  const MutexLock lock(mutex_);
  failure_ = Write(entry, 0);
  if (failure_.ok() && ::fdatasync(file_) != 0) {
    failure_ = Unavailable(fmt::format("the audit log can't be synced: {}", Reason()));
    sync_failed_ = true;
  }
  if (!failure_.ok()) Log(LogLevel::kError, "audit_failed", {{"entry", entry.event}, {"error", failure_.ToString()}});
  return failure_;
}

void AuditLog::NoteRefusal(const AuditEntry& entry) {
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(clock_.Monotonic());
  const MutexLock lock(mutex_);
  if (second != second_) {
    second_ = second;
    refusals_ = 0;
  }
  if (refusals_ >= kRefusalsPerSecond) {
    ++left_out_;
    return;
  }
  ++refusals_;
  if (Write(entry, left_out_).ok()) left_out_ = 0;
}

Status AuditLog::CheckWritable() {
  const MutexLock lock(mutex_);
  // A sync that failed once would say OK about lines that are lost (base/file.h).
  if (!failure_.ok() && !sync_failed_) failure_ = Write({"audit.resumed", "", "", "", "", "", 0}, 0);
  return failure_.ok() ? Status() : Unavailable("nothing is changed while the audit log can't be written");
}

Result<AuditCheck> VerifyAuditLog(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound(fmt::format("can't read {}", path));
  AuditCheck check;
  check.last_hash = std::string(kHashDigits, '0');
  for (std::string line; std::getline(in, line);) {
    const auto broken = [&](std::string_view why) {
      return Corruption(fmt::format("{}: line {}: {}", path, check.lines + 1, why));
    };
    if (in.eof()) return broken("it has no end");
    const Result<Link> link = ReadLink(line);
    if (!link.ok()) return broken(link.status().message());
    if (link->seq != check.lines + 1) return broken(fmt::format("its number is {}", link->seq));
    if (link->prev != check.last_hash) return broken("it does not follow from the line before");
    check.last_hash = Sha256Hex(line);
    ++check.lines;
  }
  return check;
}

}  // namespace engram
