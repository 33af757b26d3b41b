#include "simulators/common/html.hpp"
#include "simulators/common/oauth.hpp"

namespace mortise::simulators {
namespace {

std::string account_picker(const Consent& consent) {
  std::string out = "<fieldset><legend>Choose an account</legend>";
  const Person* chosen = find_person(consent.login_hint);
  if (chosen == nullptr) chosen = &people().front();
  for (const Person& person : people()) {
    out += "<label class=\"choice\"><input type=\"radio\" name=\"user\" value=\"" +
           std::string(person.id) + "\"" + (&person == chosen ? " checked" : "") + "> " +
           html_escape(person.name) + " <small>" + html_escape(person.email) + "</small></label>";
  }
  return out + "</fieldset>";
}

std::string choices(const Consent& consent) {
  if (consent.choices.empty()) return {};
  std::string out = "<fieldset><legend>" + html_escape(consent.choices_title) + "</legend>";
  for (const auto& [value, label] : consent.choices) {
    out += "<label class=\"choice\"><input type=\"checkbox\" name=\"" +
           html_escape(consent.choice_name) + "\" value=\"" + html_escape(value) + "\" checked> " +
           html_escape(label) + "</label>";
  }
  return out + "</fieldset>";
}

}  // namespace

std::string consent_page(const Consent& consent) {
  const std::string provider = html_escape(consent.provider);
  const std::string app = html_escape(consent.app);
  std::string body = "<p class=\"soft\">" + provider + " (simulated)</p><h1>" + app +
                     " wants access to your " + provider +
                     " account</h1><p>It will be able to:</p><ul>";
  for (const auto& sentence : consent.access) body += "<li>" + html_escape(sentence) + "</li>";
  body +=
      "</ul><form class=\"block\" method=\"post\" action=\"" + html_escape(consent.action) + "\">";
  for (const auto& [name, value] : consent.hidden) {
    body += "<input type=\"hidden\" name=\"" + html_escape(name) + "\" value=\"" +
            html_escape(value) + "\">";
  }
  body += account_picker(consent) + choices(consent);
  body +=
      "<p><button class=\"main\" name=\"decision\" value=\"allow\">Allow</button> "
      "<button name=\"decision\" value=\"cancel\">Cancel</button></p></form>"
      "<p><small>This is a simulation on your own machine: no real account is "
      "involved.</small></p>";
  return html_page(consent.provider + ": allow access", body);
}

std::string refusal_page(std::string_view provider, std::string_view what) {
  return html_page(provider, "<h1>This request cannot go on</h1><p role=\"alert\">" +
                                 html_escape(what) + "</p>");
}

}  // namespace mortise::simulators
