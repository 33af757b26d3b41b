// What the programs' calls of fsync() and fdatasync() were: these tests are linked so that the
// calls come by here (CMakeLists.txt). Thread-safe.
#pragma once

#include <string>
#include <vector>

namespace mortise::store {

/// The paths of the files and directories that were synced since the program began, in order, with
/// the names that they had then.
std::vector<std::string> disk_syncs();

/// How many syncs of files whose path ends so succeeded.
int disk_syncs_of(const std::string& ending);

/// While it lives, syncing a file whose path ends so fails with EIO. One at a time.
class FailingDisk {
 public:
  explicit FailingDisk(const std::string& ending);
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;
};

}  // namespace mortise::store
