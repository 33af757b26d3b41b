#include <nlohmann/json.hpp>

#include "api/resources.hpp"
#include "core/record_json.hpp"

namespace mortise::api {

namespace {

constexpr std::size_t kLongestAccountId = 128;

Response list_accounts(const Context& context, const Request& request) {
  const Query query(request);
  if (auto refused = query.refused(request)) return *std::move(refused);
  const auto page = context.services.store.accounts().list(query.page());
  return respond(request, page, [](const auto& found) {
    core::Json items = core::Json::array();
    for (const core::Account& account : found.items) items.push_back(core::to_json(account));
    return json_response({{"items", std::move(items)}, {"next_cursor", found.next_cursor}});
  });
}

Response get_account(const Context& context, const Request& request) {
  const auto account = context.services.store.accounts().find(request.param("account"));
  return respond(request, account, [&](const core::Account& found) {
    return json_response(request, core::to_json(found), found.rev);
  });
}

/// The revision that the account must have, 0 if there must be none yet. Empty: whatever it has.
Result<std::optional<core::Rev>> expected_account(const Context& context, const Request& request,
                                                  const std::string& id) {
  if (trim(request.header("if-none-match").value_or("")) == "*") return std::optional<core::Rev>(0);
  if (trim(request.header("if-match").value_or("")) == "*") {
    const auto account = context.services.store.accounts().find(id);
    if (!account && account.error().code == Code::not_found) {
      return Error{Code::conflict, "there is no such account yet", "precondition_failed"};
    }
    if (!account) return account.error();
  }
  return if_match(request);
}

Response put_account(const Context& context, const Request& request) {
  const std::string& id = request.param("account");
  if (id.size() > kLongestAccountId) {
    return refusal(request,
                   make_problem(400, "bad_account", "An account's id has at most 128 bytes."));
  }
  if (auto refused = refused_document(request)) return *std::move(refused);
  const auto rev = expected_account(context, request, id);
  if (!rev) return refusal(request, rev.error());
  const auto answer = context.services.plans.put_account(
      id, request.body.empty() ? "{}" : request.body, *rev, request.request_id);
  return respond(request, answer, [&](const core::Account& account) {
    Response response = json_response(request, core::to_json(account), account.rev);
    if (account.rev == 1) response.status = 201;
    return response;
  });
}

core::Json ended_json(const ports::Disconnected& ended) {
  core::Json out = {{"connection_id", ended.connection.id},
                    {"connector", ended.connection.connector},
                    {"revoked", ended.revoked},
                    {"message", ended.message}};
  if (!ended.by_hand_url.empty()) out["manage_url"] = ended.by_hand_url;
  return out;
}

Response remove_account(const Context& context, const Request& request) {
  Response response;
  response.later = [&context, &request](const Response::Done& done) {
    context.services.connect.remove_account(
        request.param("account"),
        [&context, &request, done](Result<std::vector<ports::Disconnected>> result) {
          if (!result && result.error().code == Code::not_found) {
            return done(not_found(request, "account"));
          }
          if (result) context.end_streams("account:" + request.param("account"));
          done(respond(request, result, [](const std::vector<ports::Disconnected>& all) {
            core::Json items = core::Json::array();
            for (const ports::Disconnected& ended : all) items.push_back(ended_json(ended));
            return json_response({{"connections", std::move(items)}});
          }));
        });
  };
  return response;
}

Response get_usage(const Context& context, const Request& request) {
  const auto quota = context.services.exports.usage(request.param("account"));
  return respond(request, quota,
                 [](const ports::QuotaView& view) { return json_response(quota_json(view)); });
}

}  // namespace

void add_accounts(Router& router, const Context& context) {
  const auto with = [&context](auto function) {
    return [&context, function](const Request& request) { return function(context, request); };
  };
  const std::string one = "/v1/accounts/{account}";
  router.add({"GET",
              "/v1/accounts",
              "list_accounts",
              Access::read,
              with(list_accounts),
              Callers::apps,
              {"limit", "cursor"}});
  router.add({"GET", one, "get_account", Access::read, with(get_account), Callers::apps_and_users});
  router.add({"PUT", one, "put_account", Access::write, with(put_account)});
  router.add({"DELETE", one, "remove_account", Access::admin, with(remove_account)});
  router.add(
      {"GET", one + "/usage", "get_usage", Access::read, with(get_usage), Callers::apps_and_users});
}

}  // namespace mortise::api
