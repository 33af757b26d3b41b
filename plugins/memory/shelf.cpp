#include "shelf.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace memory {
namespace {

using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Result;
using mortise::Status;
using mortise::Write;
using Json = nlohmann::json;

Result<Json> object(const std::string& text, const std::string& what) {
  Json parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_object())
    return Error{Code::invalid, "the fields of " + what + " are no JSON object"};
  return parsed;
}

}  // namespace

Result<Item> Shelf::apply(const Write& write, std::size_t largest, std::int64_t now_ms) {
  if (write.action == mortise::Action::create) return create(write, largest, now_ms);
  const auto found = things_.find(write.id);
  if (found == things_.end() || found->second.item.state != ItemState::present) {
    if (write.action == mortise::Action::remove) return get(write.id);  // gone is what was wanted
    return Error{Code::not_found, "item " + write.id + " is not on the shelf"};
  }
  Thing& thing = found->second;
  if (!write.if_version.empty() && write.if_version != thing.item.version) {
    return Error{Code::conflict, "item " + write.id + " has version " + thing.item.version +
                                     ", not " + write.if_version};
  }
  if (write.action == mortise::Action::update) return update(thing, write, now_ms);
  if (write.action == mortise::Action::remove) {
    take_out(thing);
    remove(thing, now_ms);
    return thing.item;
  }
  return Error{Code::unsupported, "the shelf does not know this action"};
}

Result<Item> Shelf::create(const Write& write, std::size_t largest, std::int64_t now_ms) {
  const std::string id =
      write.once_key.empty() ? "m" + std::to_string(changes_ + 1) : write.once_key;
  if (const auto found = things_.find(id); found != things_.end()) {
    if (found->second.item.state == ItemState::present) return found->second.item;
    return Error{Code::conflict, "item " + id + " was removed"};
  }
  if (present_ >= largest) {
    return Error{Code::too_large, "the shelf holds its " + std::to_string(largest) + " items"};
  }
  auto fields = object(write.fields, write.key);
  if (!fields) return std::move(fields).error();
  auto parent = parent_of(write);
  if (!parent) return std::move(parent).error();
  if (Status placed = insert(id, *parent, write); !placed) return std::move(placed).error();

  Thing& thing = things_[id];
  thing.item.kind = write.kind;
  thing.item.id = id;
  thing.item.key = write.key;
  thing.item.parent_id = *parent;
  thing.item.fields = fields->dump();
  if (!write.key.empty()) ids_by_key_.emplace(write.key, id);
  ++present_;
  touch(thing, now_ms);
  return thing.item;
}

Result<Item> Shelf::update(Thing& thing, const Write& write, std::int64_t now_ms) {
  auto wanted = object(write.fields, write.id);
  if (!wanted) return std::move(wanted).error();
  Json fields = Json::parse(thing.item.fields);
  for (const std::string& name : write.changed) {
    if (const auto value = wanted->find(name); value != wanted->end()) {
      fields[name] = *value;
    } else {
      fields.erase(name);
    }
  }
  thing.item.fields = fields.dump();
  touch(thing, now_ms);
  return thing.item;
}

void Shelf::remove(Thing& thing, std::int64_t now_ms) {
  for (const std::string& child : thing.children) remove(things_.at(child), now_ms);
  thing.children.clear();
  thing.item.state = ItemState::deleted;
  --present_;
  touch(thing, now_ms);
}

std::string Shelf::resolve(const std::string& id, const std::string& key) const {
  if (!id.empty()) {
    const auto found = things_.find(id);
    const bool here = found != things_.end() && found->second.item.state == ItemState::present;
    return here ? id : std::string();
  }
  const std::vector<Item> items = key.empty() ? std::vector<Item>() : find(key);
  return items.empty() ? std::string() : items.front().id;
}

Result<std::string> Shelf::parent_of(const Write& write) const {
  if (write.parent_id.empty() && write.parent_key.empty()) return std::string();
  std::string parent = resolve(write.parent_id, write.parent_key);
  if (parent.empty()) {
    return Error{Code::not_found, "the container " + write.parent_id + write.parent_key + " of " +
                                      write.key + " is not on the shelf"};
  }
  return parent;
}

Status Shelf::insert(const std::string& id, const std::string& parent, const Write& write) {
  std::vector<std::string>& siblings = children_of(parent);
  auto place = siblings.end();
  if (!write.after_id.empty() || !write.after_key.empty()) {
    const std::string after = resolve(write.after_id, write.after_key);
    place = std::find(siblings.begin(), siblings.end(), after);
    if (after.empty() || place == siblings.end()) {
      return Error{Code::not_found, "the sibling " + write.after_id + write.after_key + " of " +
                                        write.key + " is not in that container"};
    }
    ++place;
  }
  siblings.insert(place, id);
  return {};
}

void Shelf::take_out(const Thing& thing) {
  std::vector<std::string>& siblings = children_of(thing.item.parent_id);
  siblings.erase(std::remove(siblings.begin(), siblings.end(), thing.item.id), siblings.end());
}

void Shelf::touch(Thing& thing, std::int64_t now_ms) {
  thing.changed = ++changes_;
  thing.item.version = std::to_string(thing.changed);
  thing.item.edited_ms = now_ms;
}

std::vector<std::string>& Shelf::children_of(const std::string& parent) {
  return parent.empty() ? top_ : things_.at(parent).children;
}

void Shelf::collect(const std::vector<std::string>& ids, bool deep, std::vector<Item>& out) const {
  std::uint32_t ordinal = 0;
  for (const std::string& id : ids) {
    const Thing& thing = things_.at(id);
    Item& item = out.emplace_back(thing.item);
    item.ordinal = ordinal++;
    if (deep) collect(thing.children, deep, out);
  }
}

std::vector<Item> Shelf::all(const std::string& container) const {
  std::vector<Item> out;
  if (container.empty()) {
    collect(top_, true, out);
  } else if (const auto found = things_.find(container); found != things_.end()) {
    collect(found->second.children, false, out);
  }
  return out;
}

std::string Shelf::cursor() const {
  return std::to_string(epoch_) + ":" + std::to_string(changes_);
}

Result<std::vector<Item>> Shelf::since(std::string_view cursor) const {
  const std::string epoch = std::to_string(epoch_) + ":";
  std::uint64_t seen = 0;
  const bool ours = cursor.substr(0, epoch.size()) == epoch;
  const std::string_view number = ours ? cursor.substr(epoch.size()) : std::string_view();
  const auto read = std::from_chars(number.data(), number.data() + number.size(), seen);
  if (!ours || read.ec != std::errc() || read.ptr != number.data() + number.size() ||
      seen > changes_) {
    return Error{Code::stale, "the cursor is not of this shelf"};
  }
  std::vector<const Thing*> changed;
  for (const auto& [id, thing] : things_) {
    if (thing.changed > seen) changed.push_back(&thing);
  }
  std::sort(changed.begin(), changed.end(),
            [](const Thing* a, const Thing* b) { return a->changed < b->changed; });
  std::vector<Item> out;
  for (const Thing* each : changed) out.push_back(each->item);
  return out;
}

Item Shelf::get(const std::string& id) const {
  if (const auto found = things_.find(id); found != things_.end()) return found->second.item;
  Item absent;
  absent.state = ItemState::absent;
  absent.id = id;
  return absent;
}

std::vector<Item> Shelf::find(const std::string& key) const {
  std::vector<Item> out;
  const auto [begin, end] = ids_by_key_.equal_range(key);
  for (auto it = begin; it != end; ++it) {
    const Item& item = things_.at(it->second).item;
    if (item.state == ItemState::present) out.push_back(item);
  }
  return out;
}

}  // namespace memory
