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

// Every member is looked at before it is used: what throws here would skip the outcome of a write.
const Json* member(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? nullptr : &*found;
}
// A text, or empty.
std::string text_in(const Json& object, const char* name) {
  const Json* text = member(object, name);
  return text != nullptr && text->is_string() ? text->get<std::string>() : std::string();
}
Error unreadable(const char* what) {
  return {Code::unavailable, std::string("Acme's answer cannot be read: ") + what};
}

Result<Item> item_of(const Json& todo) {
  Item item;
  item.kind = "todo";
  item.id = text_in(todo, "id");
  if (item.id.empty()) return unreadable("a to-do without an id");
  const Json* text = member(todo, "text");
  const Json* done = member(todo, "done");
  if (text == nullptr || !text->is_string()) return unreadable("a to-do without a text");
  if (done == nullptr || !done->is_boolean())
    return unreadable("a to-do that is neither done nor not");
  const Json* updated = member(todo, "updated");
  if (updated != nullptr && updated->is_number_integer())
    item.edited_ms = updated->get<std::int64_t>();
  item.fields = Json{{"text", *text}, {"checked", *done}}.dump();
  return item;
}

}  // namespace

Result<Page> read_page(const std::string& body) {
  Result<Json> parsed = parse(body, "list of to-dos");
  if (!parsed) return parsed.error();
  const Json* todos = member(*parsed, "todos");
  if (todos == nullptr || !todos->is_array()) return unreadable("a page without to-dos");
  Page page;
  for (const Json& todo : *todos) {
    Result<Item> item = item_of(todo);
    if (!item) return item.error();
    page.todos.push_back(*std::move(item));
  }
  page.next = text_in(*parsed, "next");
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
  const Json* lists = member(*parsed, "lists");
  if (lists == nullptr || !lists->is_array()) return unreadable("no lists");
  std::vector<mortise::Target> targets;
  for (const Json& each : *lists) {
    const std::string id = text_in(each, "id");
    if (id.empty()) return unreadable("a list without an id");
    targets.push_back({.id = id, .kind = "list", .title = text_in(each, "name")});
  }
  return targets;
}

Result<std::string> write_todo(const mortise::Write& write) {
  const Json fields = Json::parse(write.fields);  // the host's: always an object of the kind
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
  const std::string id = text_in(*parsed, "id");
  if (id.empty()) return unreadable("an account without an id");
  return Json{{"id", id}, {"email", text_in(*parsed, "email")}}.dump();
}

}  // namespace acme
