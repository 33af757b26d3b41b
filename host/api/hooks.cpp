// What services tell by themselves, and the handshake that an operator begins for it.
#include <nlohmann/json.hpp>

#include "api/resources.hpp"
#include "core/time.hpp"
#include "ports/hooks.hpp"

namespace mortise::api {

namespace {

/// Notifications say that something changed, not what it is now: none is anywhere near this.
constexpr std::size_t kLargestBody = 256UL * 1024;

Response receive(const Context& context, const Request& request) {
  if (request.body.size() > kLargestBody) {
    return refusal(request, make_problem(413, "body_too_large", "No notification is this large."));
  }
  ports::HttpHeaders headers;
  headers.reserve(request.headers.size());
  for (const Header& header : request.headers) headers.emplace_back(header.name, header.value);
  const ports::Knock knock{request.param("connector"), request.param("channel"), headers,
                           request.body};
  switch (context.services.hooks.receive(knock)) {
    case ports::Verdict::stored:
    case ports::Verdict::nothing:
      return Response{};
    case ports::Verdict::unknown:
      return not_found(request, "channel");
    case ports::Verdict::forged:
      return refusal(request, make_problem(401, "signature_wrong",
                                           "This was not sent by who it says it is from."));
    case ports::Verdict::broken:
      return refusal(request, make_problem(400, "notification_unreadable",
                                           "The notification does not say what it is about."));
    case ports::Verdict::later:
      break;
  }
  Problem busy = make_problem(503, "inbox_unavailable", "Not kept: please send it again.");
  busy.retry_after_ms = 5'000;
  return refusal(request, busy);
}

Response handshake_json(const ports::Handshake& handshake) {
  core::Json json = {{"open", handshake.open}};
  json["until"] = handshake.until_ms > 0 ? core::Json(core::format_instant(handshake.until_ms))
                                         : core::Json(nullptr);
  json["arrived_at"] = handshake.arrived_ms
                           ? core::Json(core::format_instant(*handshake.arrived_ms))
                           : core::Json(nullptr);
  if (!handshake.token.empty()) json["token"] = std::string(handshake.token.reveal_for_use());
  Response response = json_response(json);
  response.set("Cache-Control", "no-store");
  return response;
}

}  // namespace

void add_hooks(Router& router, const Context& context) {
  const auto knock = [&context](const Request& request) { return receive(context, request); };
  router.add({"POST", "/hooks/{connector}", "receive_notification", Access::open, knock});
  router.add({"POST", "/hooks/{connector}/{channel}", "receive_channel_notification", Access::open,
              knock});
  router.add({"POST", "/v1/connectors/{connector}/handshake", "open_handshake", Access::admin,
              [&context](const Request& request) {
                return respond(request,
                               context.services.hooks.open_handshake(request.param("connector")),
                               handshake_json);
              }});
  router.add({"GET", "/v1/connectors/{connector}/handshake", "handshake", Access::admin,
              [&context](const Request& request) {
                return respond(request,
                               context.services.hooks.handshake(request.param("connector")),
                               handshake_json);
              }});
}

}  // namespace mortise::api
