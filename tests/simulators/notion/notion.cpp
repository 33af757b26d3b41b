#include "simulators/notion/notion.hpp"

#include <nlohmann/json.hpp>

#include "simulators/common/html.hpp"

namespace mortise::simulators {

std::optional<Route> Notion::route(const Request&) const {
  return std::nullopt;
}
Response Notion::answer(const Request&, const Route&) {
  return json_response(404, Json::object());
}
std::string Notion::caller(const Request&) const {
  return {};
}
Response Notion::failure(const Fault& fault, const Request&, const Response*) {
  return json_response(fault.status, Json::object());
}
bool Notion::shows(const Request& request) const {
  return request.below("/notion");
}
Response Notion::show(const Request&) {
  return html_response(200, html_page("Notion", "<h1>Notion</h1>"));
}
Response Notion::control(std::string_view, const Json&) {
  return json_response(404, Json::object());
}
int Notion::revoke_grants(std::string_view) {
  return 0;
}
Json Notion::save() const {
  return Json::object();
}
void Notion::load(const Json&) {}
void Notion::reset() {
  (void)world_;
}

}  // namespace mortise::simulators
