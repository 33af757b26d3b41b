#include "service/account_removal.hpp"

#include <algorithm>

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
    const bool ended = connection.status == core::ConnectionStatus::disconnected;
    if (!ended || store.grants().find(connection.id)) return connection.id;
  }
  return std::string();
}

void AccountRemoval::next() {
  auto connection = to_end();
  if (!connection) return done_(std::move(connection).error());
  if (connection->empty()) {
    if (Status erased = erase(); !erased) return done_(std::move(erased).error());
    return done_(std::move(ended_));
  }
  if (left_-- == 0) return done_(Error{Code::unavailable, "its connections do not end", "busy"});
  connecting_.disconnect(*connection,
                         [self = shared_from_this()](Result<ports::Disconnected> result) {
                           if (!result) return self->done_(std::move(result).error());
                           self->ended_.push_back(std::move(*result));
                           self->next();
                         });
}

/// What a run is writing would come after the end.
Status AccountRemoval::expect_quiet() const {
  auto runs = connecting_.ports_.store.runs().unfinished();
  if (!runs) return std::move(runs).error();
  const bool moves = std::any_of(runs->begin(), runs->end(), [&](const core::Run& run) {
    return run.account_id == account_id_ && run.state == core::RunState::running;
  });
  if (!moves) return {};
  return Error{Code::conflict,
               "its connections are ended, a sync of it is still under way: ask again when it has "
               "ended",
               "sync_under_way"};
}

Status AccountRemoval::erase() const {
  ports::Store& store = connecting_.ports_.store;
  auto account = store.accounts().find(account_id_);
  if (!account) return std::move(account).error();
  if (Status quiet = expect_quiet(); !quiet) return quiet;
  return store.commit({ports::EraseAccount{account_id_}}, ports::Durability::full);
}

}  // namespace mortise::service
