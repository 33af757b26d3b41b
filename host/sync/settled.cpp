#include "sync/settled.hpp"

#include <fmt/format.h>

#include "core/hash.hpp"

namespace mortise::sync {
namespace {

/// Texts one behind the other, so that no two lists of them read the same.
void add(std::string& to, std::string_view text) {
  to += fmt::format("{}:", text.size());
  to += text;
}

void add(std::string& to, const core::Pair& pair) {
  for (const std::string* text : {&pair.key, &pair.kind, &pair.parent_key, &pair.remote_id,
                                  &pair.sent_hash, &pair.seen_hash}) {
    add(to, *text);
  }
  to += fmt::format("{} {} ", static_cast<int>(pair.state), pair.generation);
}

}  // namespace

std::map<std::string, std::string> pairs_digests(const std::vector<core::Pair>& pairs) {
  std::map<std::string, std::string> all;
  for (const core::Pair& pair : pairs) add(all[pair.plan_id], pair);
  for (auto& [plan, text] : all) text = core::sha256_hex(text);
  return all;
}

std::string state_digest(const Link& link, const core::Plan& plan, const std::string& pairs) {
  const core::Connection& connection = link.connection;
  std::string all = fmt::format("{} {} {} {} ", plan.rev, plan.tasks_rev, link.account.rev,
                                static_cast<int>(connection.direction));
  for (const std::string* text :
       {&pairs, &link.mapping->revision(), &link.mapping_settings, &link.connector_settings,
        &connection.target.id, &connection.target.kind}) {
    add(all, *text);
  }
  return core::sha256_hex(all);
}

void Settled::note(const std::string& connection_id, const std::string& plan_id, std::string state,
                   std::int64_t items) {
  const std::lock_guard lock(mutex_);
  states_.insert_or_assign({connection_id, plan_id}, std::pair(std::move(state), items));
}

std::optional<std::int64_t> Settled::items(const std::string& connection_id,
                                           const std::string& plan_id,
                                           const std::string& state) const {
  const std::lock_guard lock(mutex_);
  const auto found = states_.find({connection_id, plan_id});
  if (found == states_.end() || found->second.first != state) return std::nullopt;
  return found->second.second;
}

}  // namespace mortise::sync
