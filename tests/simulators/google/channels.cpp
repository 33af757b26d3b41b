#include "simulators/google/channels.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "simulators/common/signing.hpp"
#include "simulators/google/base64url.hpp"
#include "simulators/google/time.hpp"

namespace mortise::simulators::google {
namespace {

constexpr std::size_t kLongestId = 64;
constexpr std::size_t kLongestToken = 256;

bool accepted(int status) {
  return status == 200 || status == 201 || status == 202 || status == 204 || status == 102;
}

bool worth_another_try(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

bool valid_id(const std::string& id) {
  return !id.empty() && id.size() <= kLongestId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_+/=").find(c) != std::string_view::npos;
  });
}

// It travels in a header.
bool valid_token(const std::string& token) {
  return token.size() <= kLongestToken &&
         std::all_of(token.begin(), token.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

bool on_this_machine(const std::string& url) {
  for (const char* host : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    const std::size_t size = std::string_view(host).size();
    if (url.compare(0, size, host) == 0) {
      return url.size() == size || url[size] == ':' || url[size] == '/' || url[size] == '?';
    }
  }
  return false;
}

// A number as text or, what Google takes too, as a number.
std::optional<std::int64_t> whole_number(const Json& value) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// When the app wants the channel to end; nullopt if it says nothing (that can be read).
std::optional<std::int64_t> wanted_end(const Json& wanted, std::int64_t now_ms) {
  const auto expiration = wanted.find("expiration");
  if (expiration != wanted.end()) return whole_number(*expiration);
  const auto params = wanted.find("params");
  if (params == wanted.end() || !params->is_object() || !params->contains("ttl")) {
    return std::nullopt;
  }
  const auto ttl_s = whole_number((*params)["ttl"]);
  if (!ttl_s) return std::nullopt;
  constexpr std::int64_t kFar = std::int64_t{100} * 365 * 86'400;  // keeps the sum in range
  return now_ms + std::clamp(*ttl_s, -kFar, kFar) * 1000;
}

std::uint64_t newest_change(const Calendar& calendar) {
  return calendar.order.empty() ? 0 : calendar.order.rbegin()->first;
}

Response done() {
  return json_response(200, {{"ok", true}});
}
Response mistake(const std::string& sentence) {
  return json_response(400, {{"error", sentence}});
}

}  // namespace

Json Channel::to_json() const {
  return Json{{"id", id},
              {"email", email},
              {"client_id", client_id},
              {"calendar", calendar_id},
              {"address", address},
              {"token", token},
              {"resource_id", resource_id},
              {"resource_uri", resource_uri},
              {"expires_ms", expires_ms},
              {"number", number},
              {"seen", seen}};
}

Channels::Channels(World& world, const Settings& settings, const Model& model)
    : world_(world),
      settings_(settings),
      model_(model),
      deliveries_(world.clock,
                  {accepted, worth_another_try, {1'000, 2'000, 4'000, 8'000, 16'000, 32'000}},
                  [&world] { world.changed(); }) {}

std::optional<Problem> Channels::check(const Json& wanted) const {
  const std::string id = text_of(wanted, "id");
  const std::string type = text_of(wanted, "type");
  const std::string address = text_of(wanted, "address");
  if (id.empty()) return missing("Missing channel id.");
  if (!valid_id(id)) return invalid("Invalid channel id: " + id);
  if (type != "web_hook" && type != "webhook") return invalid("Unknown channel type: " + type);
  if (address.empty()) return missing("Missing channel address.");
  if (!is_web_address(address)) return invalid("Invalid channel address: " + address);
  const bool plain = address.compare(0, 8, "https://") != 0;
  if (plain && !(settings_.allow_http_addresses && on_this_machine(address))) {
    return Problem{400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS: " + address};
  }
  if (wanted.contains("token") && !wanted["token"].is_string()) return invalid("Invalid token.");
  if (!valid_token(text_of(wanted, "token"))) return invalid("Invalid channel token.");
  return std::nullopt;
}

Answer Channels::open(const Calendar& calendar, const std::string& email,
                      const std::string& client_id, const Json& wanted) {
  if (const auto problem = check(wanted)) return *problem;
  const std::int64_t now_ms = world_.clock.now_ms();
  const std::int64_t latest = now_ms + settings_.channel_life_s * 1000;
  const bool says =
      wanted.contains("expiration") || wanted.value("params", Json::object()).contains("ttl");
  const auto end = wanted_end(wanted, now_ms);
  if (says && (!end || *end <= now_ms)) return invalid("Invalid channel expiration.");
  Channel channel;
  channel.id = text_of(wanted, "id");
  if (!used_ids_.emplace(client_id, channel.id).second || open_.count(channel.id) > 0) {
    return Problem{400, "channelIdNotUnique", "Channel id " + channel.id + " not unique"};
  }
  channel.email = email;
  channel.client_id = client_id;
  channel.calendar_id = calendar.id;
  channel.address = text_of(wanted, "address");
  channel.token = text_of(wanted, "token");
  channel.resource_id = base64url(sha256("events of " + calendar.id)).substr(0, 27);
  channel.resource_uri = world_.base_url + "/calendar/v3/calendars/" + percent_encode(calendar.id) +
                         "/events?alt=json";
  channel.expires_ms = std::min(end.value_or(latest), latest);
  channel.seen = newest_change(calendar);
  Channel& opened = open_[channel.id] = std::move(channel);
  const std::int64_t sync = tell(opened, "sync");
  if (settings_.sync_before_reply) awaited_ = sync;
  world_.changed();
  Json reply{{"kind", "api#channel"},
             {"id", opened.id},
             {"resourceId", opened.resource_id},
             {"resourceUri", opened.resource_uri}};
  if (!opened.token.empty()) reply["token"] = opened.token;
  reply["expiration"] = std::to_string(opened.expires_ms);
  return reply;
}

Answer Channels::stop(const std::string& email, const std::string& client_id, const Json& wanted) {
  forget_expired();
  const std::string id = text_of(wanted, "id");
  if (id.empty()) return missing("Missing channel id.");
  const auto found = open_.find(id);
  const bool theirs = found != open_.end() && found->second.email == email &&
                      found->second.client_id == client_id &&
                      found->second.resource_id == text_of(wanted, "resourceId");
  if (!theirs) {
    return Problem{404, "notFound",
                   "Channel '" + id + "' not found for project '" + client_id + "'"};
  }
  open_.erase(found);
  world_.changed();
  return {204, Json()};
}

void Channels::forget_expired() {
  const std::int64_t now_ms = world_.clock.now_ms();
  for (auto it = open_.begin(); it != open_.end();) {
    it = it->second.expires_ms <= now_ms ? open_.erase(it) : std::next(it);
  }
}

void Channels::notify_changes() {
  if (open_.empty()) return;
  forget_expired();
  for (auto it = open_.begin(); it != open_.end();) {
    Channel& channel = it->second;
    const auto calendar = model_.calendars.find(channel.calendar_id);
    if (calendar == model_.calendars.end()) {
      tell(channel, "not_exists");
      it = open_.erase(it);
      continue;
    }
    const std::uint64_t newest = newest_change(calendar->second);
    if (newest > channel.seen) {
      channel.seen = newest;
      tell(channel, "exists");
    }
    ++it;
  }
}

std::int64_t Channels::tell(Channel& channel, const std::string& state) {
  // From 1 upwards, with gaps, as Google's numbers go.
  channel.number += channel.number == 0 ? 1 : 1 + channel.number % 3;
  return deliveries_.send(notification(channel, state));
}

Notification Channels::notification(const Channel& channel, const std::string& state) const {
  Post post;
  post.url = channel.address;
  post.headers = {
      {"User-Agent", "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"},
      {"X-Goog-Channel-ID", channel.id},
      {"X-Goog-Channel-Expiration", write_http_date(channel.expires_ms)},
      {"X-Goog-Resource-ID", channel.resource_id},
      {"X-Goog-Resource-URI", channel.resource_uri},
      {"X-Goog-Resource-State", state},
      {"X-Goog-Message-Number", std::to_string(channel.number)}};
  if (!channel.token.empty()) post.headers.emplace_back("X-Goog-Channel-Token", channel.token);
  return {channel.id, state + " " + std::to_string(channel.number), std::move(post)};
}

std::optional<Response> Channels::control(std::string_view action, const Json& body) {
  if (action == "channels") return list(body);
  if (action == "notify") return notify(body);
  if (action == "expire_channel") {
    if (open_.erase(body.at("channel").get<std::string>()) == 0) return mistake("no such channel");
    return done();
  }
  if (action == "deliveries") {
    return json_response(200, deliveries_.report(body.value("since", std::int64_t{0})));
  }
  if (action == "delivery_settings") {
    const std::string problem = deliveries_.merge_settings(body);
    return problem.empty() ? json_response(200, deliveries_.settings()) : mistake(problem);
  }
  if (action == "flush_deliveries") {
    Response response = done();
    response.before_reply = [this] { deliveries_.flush(); };
    return response;
  }
  if (action == "clear_deliveries") {
    deliveries_.clear();
    return done();
  }
  return std::nullopt;
}

Response Channels::list(const Json& body) {
  forget_expired();
  const std::string who = body.value("user", "");
  const Person* person = find_person(who);
  if (person == nullptr && !who.empty()) return mistake("unknown user '" + who + "'");
  Json list = Json::array();
  for (const auto& [id, channel] : open_) {
    if (person == nullptr || channel.email == person->email) list.push_back(channel.to_json());
  }
  return json_response(200, {{"channels", std::move(list)}});
}

Response Channels::notify(const Json& body) {
  const std::string id = body.at("channel").get<std::string>();
  const auto found = open_.find(id);
  Channel channel = found == open_.end() ? Channel{} : found->second;
  channel.id = id;
  channel.address = body.value("address", channel.address);
  channel.token = body.value("token", channel.token);
  channel.resource_id = body.value("resource_id", channel.resource_id);
  channel.resource_uri = body.value("resource_uri", channel.resource_uri);
  channel.expires_ms = body.value("expires_ms", channel.expires_ms);
  if (!is_web_address(channel.address)) return mistake("say an address: the channel is not open");
  const bool repeat = body.value("repeat", false);
  channel.number = body.value("number", channel.number + (repeat ? 0 : 1));
  if (!repeat && found != open_.end()) {
    found->second.number = std::max(found->second.number, channel.number);
  }
  const Notification one = notification(channel, body.value("state", "exists"));
  const int times = std::clamp(body.value("times", 1), 1, 1000);
  for (int i = 0; i < times; ++i) deliveries_.send(one);
  return json_response(200, {{"number", channel.number}});
}

Json Channels::save() const {
  Json channels = Json::array();
  for (const auto& [id, channel] : open_) channels.push_back(channel.to_json());
  Json used = Json::array();
  for (const auto& [client, id] : used_ids_) used.push_back(Json::array({client, id}));
  return Json{{"open", std::move(channels)},
              {"used_ids", std::move(used)},
              {"deliveries", deliveries_.save()}};
}

void Channels::load(const Json& saved) {
  std::map<std::string, Channel> open;
  for (const Json& entry : saved.at("open")) {
    Channel channel;
    entry.at("id").get_to(channel.id);
    entry.at("email").get_to(channel.email);
    entry.at("client_id").get_to(channel.client_id);
    entry.at("calendar").get_to(channel.calendar_id);
    entry.at("address").get_to(channel.address);
    entry.at("token").get_to(channel.token);
    entry.at("resource_id").get_to(channel.resource_id);
    entry.at("resource_uri").get_to(channel.resource_uri);
    entry.at("expires_ms").get_to(channel.expires_ms);
    entry.at("number").get_to(channel.number);
    entry.at("seen").get_to(channel.seen);
    open[channel.id] = std::move(channel);
  }
  std::set<std::pair<std::string, std::string>> used_ids;
  for (const Json& entry : saved.at("used_ids")) {
    used_ids.emplace(entry.at(0).get<std::string>(), entry.at(1).get<std::string>());
  }
  deliveries_.load(saved.at("deliveries"));
  open_ = std::move(open);
  used_ids_ = std::move(used_ids);
}

void Channels::reset() {
  open_.clear();
  used_ids_.clear();
  awaited_.reset();
  deliveries_.reset();
}

}  // namespace mortise::simulators::google
