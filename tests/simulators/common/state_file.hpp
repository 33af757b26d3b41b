// Keeps the simulation's state in a file, so that a demo survives a restart.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace mortise::simulators {

/// Writes `text` beside `file` and renames it: readers see the old one or the new one, never half.
bool write_atomically(const std::filesystem::path& file, const std::string& text);

/// Saves 200 ms after a change, at most a tenth of the time, and when destroyed. Thread-safe.
class StateFile {
 public:
  StateFile(std::filesystem::path file, std::function<std::string()> snapshot);
  ~StateFile();
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  void changed();

 private:
  void work();
  void save();

  std::filesystem::path file_;
  std::function<std::string()> snapshot_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool dirty_ = false, ending_ = false;
  std::thread thread_;
};

}  // namespace mortise::simulators
