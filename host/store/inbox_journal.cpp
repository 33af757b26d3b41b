#include "store/inbox_journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "store/files.hpp"
#include "store/seal.hpp"

namespace mortise::store {
namespace {

using core::Json;

constexpr Place kPlace{"inbox", "received", "journal"};
constexpr std::size_t kLengthBytes = 4;

Error trouble(const std::string& what, const std::string& path) {
  return {Code::unavailable, what + " " + path + ": " + std::strerror(errno)};
}

std::string encode(const ports::Received& received) {
  const core::Notification& notification = received.notification;
  return Json{{"id", notification.id},
              {"connector", notification.connector},
              {"connection_id", notification.connection_id},
              {"channel_id", notification.channel_id},
              {"provider_id", notification.provider_id},
              {"hint", notification.hint},
              {"received_ms", notification.received_ms},
              {"workspace_id", received.workspace_id}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<ports::Received> decode(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    ports::Received received;
    core::Notification& notification = received.notification;
    json.at("id").get_to(notification.id);
    json.at("connector").get_to(notification.connector);
    json.at("connection_id").get_to(notification.connection_id);
    json.at("channel_id").get_to(notification.channel_id);
    json.at("provider_id").get_to(notification.provider_id);
    json.at("hint").get_to(notification.hint);
    json.at("received_ms").get_to(notification.received_ms);
    json.at("workspace_id").get_to(received.workspace_id);
    return received;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

/// A record's length, little-endian, before its sealed form.
std::string framed(const std::string& sealed) {
  std::string record;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    record += static_cast<char>((sealed.size() >> (8 * i)) & 0xff);
  }
  return record + sealed;
}

std::size_t length_at(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return length;
}

bool write_all(int file, std::string_view bytes, std::size_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::size_t>(written);
  }
  return true;
}

class FileInboxJournal final : public ports::InboxJournal {
 public:
  FileInboxJournal(FileDescriptor file, const InboxJournalOptions& options)
      : file_(std::move(file)),
        path_(options.path),
        largest_bytes_(options.largest_bytes),
        sealer_(options.key.derive(kSealingPurpose), options.random) {}

  /// Takes over what an earlier process left. Answers how many bytes it could not read.
  Result<std::size_t> read_back() {
    std::string bytes;
    std::array<char, 65'536> part{};
    for (;;) {
      const ssize_t got = ::read(file_.get(), part.data(), part.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return trouble("reading", path_);
      if (got == 0) break;
      bytes.append(part.data(), static_cast<std::size_t>(got));
    }
    std::string_view rest = bytes;
    while (rest.size() >= kLengthBytes && rest.size() - kLengthBytes >= length_at(rest)) {
      const std::size_t length = length_at(rest);
      const auto opened = sealer_.open(rest.substr(kLengthBytes, length), kPlace);
      if (!opened) break;
      auto received = decode(opened->reveal_for_use());
      if (!received) break;
      received_.push_back(std::move(*received));
      rest.remove_prefix(kLengthBytes + length);
    }
    size_ = bytes.size() - rest.size();
    if (!rest.empty() && ::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) {
      return trouble("cutting", path_);
    }
    return rest.size();
  }

  Status append(const ports::Received& received) override {
    auto sealed = sealer_.seal(core::Secret(encode(received)), kPlace);
    if (!sealed) return std::move(sealed).error();
    const std::string record = framed(*sealed);
    const std::lock_guard lock(mutex_);
    if (size_ + record.size() > largest_bytes_) {
      return Error{Code::unavailable, "the inbox's journal is full", "inbox_full"};
    }
    if (!write_all(file_.get(), record, size_) || ::fdatasync(file_.get()) != 0) {
      const Error failed = trouble("writing", path_);
      // What may be half there is no part of it: the next record takes its place.
      (void)!::ftruncate(file_.get(), static_cast<off_t>(size_));
      return failed;
    }
    size_ += record.size();
    received_.push_back(received);
    return {};
  }

  Pending pending() const override {
    const std::lock_guard lock(mutex_);
    return {{received_.begin(), received_.end()}, dropped_ + received_.size()};
  }

  void drop(std::uint64_t mark) override {
    const std::lock_guard lock(mutex_);
    while (dropped_ < mark && !received_.empty()) {
      received_.pop_front();
      ++dropped_;
    }
    // Not synced: what a crash brings back is known by its id.
    if (received_.empty() && size_ > 0 && ::ftruncate(file_.get(), 0) == 0) size_ = 0;
  }

 private:
  FileDescriptor file_;
  const std::string path_;
  const std::size_t largest_bytes_;
  const Sealer sealer_;
  mutable std::mutex mutex_;  ///< held while a record is synced: those behind it wait for the disk
  std::size_t size_ = 0;
  std::uint64_t dropped_ = 0;
  std::deque<ports::Received> received_;
};

}  // namespace

Result<OpenedInboxJournal> open_inbox_journal(const InboxJournalOptions& options) {
  FileDescriptor file(
      ::open(options.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!file.valid()) return trouble("opening", options.path);
  if (::fchmod(file.get(), S_IRUSR | S_IWUSR) != 0) return trouble("narrowing", options.path);
  const auto folder = std::filesystem::path(options.path).parent_path();
  const FileDescriptor directory(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || ::fsync(directory.get()) != 0) return trouble("syncing", options.path);
  auto journal = std::make_unique<FileInboxJournal>(std::move(file), options);
  auto lost = journal->read_back();
  if (!lost) return std::move(lost).error();
  return OpenedInboxJournal{std::move(journal), *lost};
}

}  // namespace mortise::store
