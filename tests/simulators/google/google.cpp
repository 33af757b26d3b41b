#include "simulators/google/google.hpp"

#include <nlohmann/json.hpp>

#include "simulators/common/html.hpp"

namespace mortise::simulators {

std::optional<Route> Google::route(const Request&) const {
  return std::nullopt;
}
Response Google::answer(const Request&, const Route&) {
  return json_response(404, Json::object());
}
std::string Google::caller(const Request&) const {
  return {};
}
Response Google::failure(const Fault& fault, const Request&, const Response*) {
  return json_response(fault.status, Json::object());
}
bool Google::shows(const Request& request) const {
  return request.below("/google");
}
Response Google::show(const Request&) {
  return html_response(200, html_page("Google", "<h1>Google</h1>"));
}
Response Google::control(std::string_view, const Json&) {
  return json_response(404, Json::object());
}
int Google::revoke_grants(std::string_view) {
  return 0;
}
Json Google::save() const {
  return Json::object();
}
void Google::load(const Json&) {}
void Google::reset() {
  (void)world_;
}

}  // namespace mortise::simulators
