// The Notion connector against the simulated Notion, and plans for it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fakes/connector_world.hpp"

namespace notion_tests {

class NotionWorld : public mortise::fakes::ConnectorWorld {
 public:
  NotionWorld();

  /// In the page home(), unless the call names another target.
  mortise::testing::Run run(mortise::CallInput call);
  mortise::testing::Run write(std::vector<mortise::Write> writes);
  mortise::testing::Run list(const std::string& container_id, const std::string& kind);
  /// The writes with every id known so far filled in, as the host does.
  void remember(const mortise::testing::Run& run, const std::vector<mortise::Write>& writes);
  std::string id_of(const std::string& key) const;

  /// A request of the API, as the connection; it must succeed.
  nlohmann::json api(const std::string& method, const std::string& path,
                     const nlohmann::json& body);

  const std::string& home() const { return home_; }
  const std::string& token_reply() const { return token_reply_; }

 private:
  void connect();

  std::string token_reply_, home_;
  std::vector<std::pair<std::string, std::string>> ids_;
};

/// A creation. `parent` and `after` are keys.
mortise::Write creation(const std::string& kind, const std::string& key, const std::string& parent,
                        const std::string& after, const std::string& fields);
mortise::Write update(const std::string& kind, const std::string& id, const std::string& fields,
                      std::vector<std::string> changed);
mortise::Write removal(const std::string& kind, const std::string& id);

/// A plan in the layout `pages`: a page, a page per module, a section per week, todos.
std::vector<mortise::Write> pages_plan(const std::vector<int>& weeks_per_module,
                                       int tasks_per_week);
/// The same many tasks as rows of one table.
std::vector<mortise::Write> table_plan(int rows);
/// Weeks per module of the OSSU curriculum: 666 weeks in 15 modules.
const std::vector<int>& ossu_weeks();

}  // namespace notion_tests
