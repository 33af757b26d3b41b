#include "service/account_removal.hpp"

#include "service/saving.hpp"

namespace mortise::service {

void Connecting::remove_account(
    const std::string& account_id,
    std::function<void(Result<std::vector<ports::Disconnected>>)> done) {
  auto removal = std::make_shared<AccountRemoval>(*this, account_id, std::move(done));
  ports_.executor.post([removal] { removal->next(); });
}

Result<std::string> AccountRemoval::to_end() const {
  const ports::Store& store = connecting_.ports_.store;
  auto connections = store.connections().list(account_id_);
  if (!connections) return std::move(connections).error();
  for (const core::Connection& connection : *connections) {
    const bool is_ended = connection.status == core::ConnectionStatus::disconnected &&
                          !store.grants().find(connection.id);
    if (!is_ended || ended_.count(connection.id) == 0) return connection.id;
  }
  return std::string();
}

void AccountRemoval::next() {
  auto connection = to_end();
  if (!connection) return done_(std::move(connection).error());
  if (connection->empty()) return finish();
  if (ended_.count(*connection) > 0 && again_-- == 0) {
    return done_(Error{Code::unavailable, "its connections do not end", "busy"});
  }
  connecting_.disconnect(*connection, [self = shared_from_this(), id = *connection](auto result) {
    if (!result) return self->done_(std::move(result).error());
    self->ended_.insert_or_assign(id, std::move(*result));
    self->next();
  });
}

void AccountRemoval::finish() {
  if (Status erased = erase(); !erased) return done_(std::move(erased).error());
  std::vector<ports::Disconnected> all;
  for (auto& [id, ended] : ended_) all.push_back(std::move(ended));
  done_(std::move(all));
}

Status AccountRemoval::expect_quiet(ports::Changes& changes) const {
  auto runs = connecting_.ports_.store.runs().unfinished();
  if (!runs) return std::move(runs).error();
  for (const core::Run& run : *runs) {
    if (run.account_id != account_id_) continue;
    if (run.state == core::RunState::running) {
      return Error{Code::conflict,
                   "its connections are ended, a sync of it is still under way: ask again when it "
                   "has ended",
                   "sync_under_way"};
    }
    changes.push_back(ports::ExpectRev{ports::ExpectRev::Of::run, run.id, run.rev});
  }
  return {};
}

Status AccountRemoval::erase() const {
  ports::Store& store = connecting_.ports_.store;
  for (int race = 0;; ++race) {
    auto account = store.accounts().find(account_id_);
    if (!account) return std::move(account).error();
    ports::Changes changes;
    if (Status quiet = expect_quiet(changes); !quiet) return quiet;
    changes.push_back(ports::EraseAccount{account_id_});
    Status erased = store.commit(std::move(changes), ports::Durability::full);
    if (erased || erased.error().code != Code::conflict || race == kMostRaces) return erased;
  }
}

}  // namespace mortise::service
