#include "script/state_pool.hpp"

#include <algorithm>

#include "script/api.hpp"

namespace mortise::script {

StatePool::Lease::~Lease() {
  if (sandbox_ != nullptr && sandbox_->reusable()) {
    pool_->give_back(std::move(key_), std::move(sandbox_));
  }
}

Result<StatePool::Lease> StatePool::take(const ScriptText& text) {
  std::string key = text.name + "\n" + text.checksum;
  {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(idle_.begin(), idle_.end(), [&](const Idle& idle) { return idle.key == key; });
    if (found != idle_.end()) {
      std::unique_ptr<Sandbox> sandbox = std::move(found->sandbox);
      idle_bytes_ -= sandbox->budget().bytes();
      idle_.erase(found);
      return Lease(*this, std::move(key), std::move(sandbox));
    }
  }
  auto opened = fresh(text);
  if (!opened) return opened.error();
  return Lease(*this, std::move(key), std::move(opened).value());
}

Result<std::unique_ptr<Sandbox>> StatePool::fresh(const ScriptText& text) const {
  auto opened = Sandbox::open(limits_, &install_api);
  if (!opened) return opened.error();
  if (const Status loaded = (*opened)->load(text.source, text.name); !loaded) return loaded.error();
  return opened;
}

void StatePool::give_back(std::string key, std::unique_ptr<Sandbox> sandbox) {
  std::list<Idle> gone;  // closed after the lock is released
  const std::lock_guard lock(mutex_);
  idle_bytes_ += sandbox->budget().bytes();
  idle_.push_front({std::move(key), std::move(sandbox)});
  while (idle_bytes_ > idle_bytes_limit_) {
    idle_bytes_ -= idle_.back().sandbox->budget().bytes();
    gone.splice(gone.end(), idle_, std::prev(idle_.end()));
  }
}

std::size_t StatePool::idle_bytes() const {
  const std::lock_guard lock(mutex_);
  return idle_bytes_;
}

std::size_t StatePool::idle_states() const {
  const std::lock_guard lock(mutex_);
  return idle_.size();
}

}  // namespace mortise::script
