#include <nlohmann/json.hpp>

#include "api/resources.hpp"
#include "core/time.hpp"

namespace mortise::api {

namespace {

constexpr std::size_t kLongestScript = 256 * 1024;

core::Json findings_json(const std::vector<ports::ScriptFinding>& findings) {
  core::Json out = core::Json::array();
  for (const ports::ScriptFinding& each : findings) {
    out.push_back({{"file", each.file}, {"line", each.line}, {"message", each.message}});
  }
  return out;
}

Response list_scripts(const Context& context, const Request&) {
  core::Json items = core::Json::array();
  for (const ports::ScriptRevision& each : context.services.scripts.list()) {
    items.push_back({{"name", each.name},
                     {"checksum", each.checksum},
                     {"loaded_at", core::format_instant(each.loaded_ms)},
                     {"rejected", findings_json(each.rejected)}});
  }
  return json_response({{"items", std::move(items)}, {"next_cursor", ""}});
}

Response check_script(const Context& context, const Request& request) {
  JsonBody body(request);
  const std::string name = body.required_text("name");
  std::string source;
  body.fields().text("source", source,
                     {kLongestScript, core::TextUnit::bytes, core::TextLines::many});
  body.fields().require("source");
  if (auto refused = body.refused(request)) return *std::move(refused);
  const auto findings = context.services.scripts.check(name, source);
  return json_response({{"ok", findings.empty()}, {"findings", findings_json(findings)}});
}

}  // namespace

void add_scripts(Router& router, const Context& context) {
  router.add({"GET", "/v1/scripts", "list_scripts", Access::admin,
              [&context](const Request& request) { return list_scripts(context, request); }});
  router.add({"POST", "/v1/scripts/check", "check_script", Access::admin,
              [&context](const Request& request) { return check_script(context, request); }});
}

}  // namespace mortise::api
