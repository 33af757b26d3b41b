#include "store/readers.hpp"

#include <utility>

namespace mortise::store {

Readers::Loan::~Loan() {
  if (database_) owner_->give_back(std::move(database_));
}

Result<Readers::Loan> Readers::borrow() {
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !free_.empty() || open_ < most_; });
    if (!free_.empty()) {
      std::unique_ptr<Database> database = std::move(free_.back());
      free_.pop_back();
      return Loan(*this, std::move(database));
    }
    ++open_;
  }
  auto opened = Database::open(path_, key_, Database::Access::read);
  if (opened) return Loan(*this, std::make_unique<Database>(std::move(*opened)));
  {
    const std::lock_guard lock(mutex_);
    --open_;
  }
  returned_.notify_one();
  return opened.error();
}

void Readers::close() {
  const std::lock_guard lock(mutex_);
  open_ -= free_.size();
  free_.clear();
}

void Readers::give_back(std::unique_ptr<Database> database) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(database));
  }
  returned_.notify_one();
}

}  // namespace mortise::store
