// Upkeep that tells the account's pages, too: a connection is not as it was.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "ports/service.hpp"
#include "ports/store.hpp"
#include "ports/upkeep.hpp"

namespace mortise::app {

/// Whoever listens to the account reads the connection anew.
inline void tell_account(ports::Publisher& publisher, const core::Connection& connection) {
  publisher.publish("account:" + connection.account_id, "connection",
                    R"({"connection_id":")" + connection.id + R"("})");
}

/// Thread-safe. What it is made of outlives it.
class TellingUpkeep final : public ports::Upkeep {
 public:
  TellingUpkeep(ports::Upkeep& upkeep, const ports::Store& store, ports::Publisher& publisher)
      : upkeep_(upkeep), store_(store), publisher_(publisher) {}

  void arrived(const std::string& connection_id, std::function<void()> done) override {
    tell_of(connection_id);
    upkeep_.arrived(connection_id, std::move(done));
  }

  void leaving(const std::string& connection_id, std::function<void()> done) override {
    upkeep_.leaving(connection_id, std::move(done));
  }

  void look(const std::string& connection_id) override {
    upkeep_.look(connection_id);
    tell_of(connection_id);
  }

  Result<ports::SyncStatus> status(const std::string& connection_id) const override {
    return upkeep_.status(connection_id);
  }

 private:
  void tell_of(const std::string& connection_id) {
    const auto connection = store_.connections().find(connection_id);
    if (connection.ok()) tell_account(publisher_, *connection);
  }

  ports::Upkeep& upkeep_;
  const ports::Store& store_;
  ports::Publisher& publisher_;
};

}  // namespace mortise::app
