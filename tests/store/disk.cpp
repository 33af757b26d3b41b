#include "store/disk.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <utility>

namespace mortise::store {
namespace {

std::mutex mutex;
std::vector<std::string> synced;
std::string failing;  // the ending; none when it is empty

std::string path_of(int file) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return {path.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
}

int sync(int file, int (*really)(int)) {
  const std::string path = path_of(file);
  {
    const std::lock_guard lock(mutex);
    if (!failing.empty() && path.ends_with(failing)) {
      errno = EIO;
      return -1;
    }
  }
  const int answer = really(file);
  const std::lock_guard lock(mutex);
  if (answer == 0) synced.push_back(path);
  return answer;
}

}  // namespace

std::vector<std::string> disk_syncs() {
  const std::lock_guard lock(mutex);
  return synced;
}

int disk_syncs_of(const std::string& ending) {
  const std::lock_guard lock(mutex);
  return static_cast<int>(std::count_if(synced.begin(), synced.end(), [&](const std::string& path) {
    return path.ends_with(ending);
  }));
}

FailingDisk::FailingDisk(const std::string& ending) {
  const std::lock_guard lock(mutex);
  failing = ending;
}

FailingDisk::~FailingDisk() {
  const std::lock_guard lock(mutex);
  failing.clear();
}

}  // namespace mortise::store

// The linker's names.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {
int __real_fsync(int file);
int __real_fdatasync(int file);

int __wrap_fsync(int file) {
  return mortise::store::sync(file, __real_fsync);
}
int __wrap_fdatasync(int file) {
  return mortise::store::sync(file, __real_fdatasync);
}
}
// NOLINTEND(bugprone-reserved-identifier)
