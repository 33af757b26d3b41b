#include "codec.hpp"

#include <nlohmann/json.hpp>

namespace acme {
namespace {

using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::Result;
using Json = nlohmann::json;

Result<Json> parse(const std::string& text, const char* what) {
  Json parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_object())
    return Error{Code::unavailable, std::string("Acme's ") + what + " is no JSON object"};
  return parsed;
}

Item item_of(const Json& todo) {
  Item item;
  item.kind = "todo";
  item.id = todo.at("id").get<std::string>();
  item.edited_ms = todo.value("updated", std::int64_t{0});
  item.fields = Json{{"text", todo.at("text")}, {"checked", todo.at("done")}}.dump();
  return item;
}

}  // namespace

Result<Page> read_page(const std::string& body) {
  Result<Json> parsed = parse(body, "list of to-dos");
  if (!parsed) return parsed.error();
  Page page;
  for (const Json& todo : parsed->at("todos")) page.todos.push_back(item_of(todo));
  page.next = parsed->value("next", std::string());
  return page;
}

Result<Item> read_todo(const std::string& body) {
  Result<Json> parsed = parse(body, "to-do");
  if (!parsed) return parsed.error();
  return item_of(*parsed);
}

Result<std::vector<mortise::Target>> read_lists(const std::string& body) {
  Result<Json> parsed = parse(body, "lists");
  if (!parsed) return parsed.error();
  std::vector<mortise::Target> targets;
  for (const Json& each : parsed->at("lists")) {
    targets.push_back({.id = each.at("id"), .kind = "list", .title = each.at("name")});
  }
  return targets;
}

Result<std::string> write_todo(const mortise::Write& write) {
  const Json fields = Json::parse(write.fields);
  const bool create = write.action == mortise::Action::create;
  const auto wanted = [&](const std::string& name) {
    for (const std::string& each : write.changed) {
      if (each == name) return true;
    }
    return create;
  };
  Json body = Json::object();
  if (wanted("text")) body["text"] = fields.value("text", std::string());
  if (wanted("checked")) body["done"] = fields.value("checked", false);
  if (create) body["client_id"] = write.once_key;
  return body.dump();
}

Result<std::string> read_me(const std::string& body) {
  Result<Json> parsed = parse(body, "account");
  if (!parsed) return parsed.error();
  return Json{{"id", parsed->at("id")}, {"email", parsed->value("email", std::string())}}.dump();
}

}  // namespace acme
