#include "simulators/common/state_file.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>

namespace mortise::simulators {

using std::chrono::milliseconds;

bool write_atomically(const std::filesystem::path& file, const std::string& text) {
  auto beside = file;
  beside += ".new";
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) return false;
  }
  std::error_code problem;
  std::filesystem::rename(beside, file, problem);
  return !problem;
}

StateFile::StateFile(std::filesystem::path file, std::function<std::string()> snapshot)
    : file_(std::move(file)), snapshot_(std::move(snapshot)), thread_([this] { work(); }) {}

StateFile::~StateFile() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
  if (dirty_) save();
}

void StateFile::changed() {
  {
    const std::scoped_lock lock(mutex_);
    dirty_ = true;
  }
  wake_.notify_all();
}

void StateFile::work() {
  auto pause = milliseconds(200);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return dirty_ || ending_; });
    if (wake_.wait_for(lock, pause, [this] { return ending_; })) return;
    dirty_ = false;
    lock.unlock();
    const auto began = std::chrono::steady_clock::now();
    save();
    const auto took = std::chrono::steady_clock::now() - began;
    pause = std::max(milliseconds(200), std::chrono::duration_cast<milliseconds>(took) * 10);
    lock.lock();
  }
}

void StateFile::save() {
  if (!write_atomically(file_, snapshot_())) {
    std::cerr << "mortise-simulators: cannot write " << file_ << '\n';
  }
}

}  // namespace mortise::simulators
