#include "writer.hpp"

#include <utility>

#include "requests.hpp"

namespace notion {
namespace {

using mortise::Call;
using mortise::Outcome;
using mortise::Reply;
using mortise::Request;
using mortise::Result;
using mortise::Status;
using mortise::Task;
using mortise::Write;

std::string_view collection_of(const Write& write) {
  if (write.kind == "database") return "databases";
  return write.kind == "page" || write.kind == "row" ? "pages" : "blocks";
}

}  // namespace

Writer::Writer(Call& call) : call_(call), reported_(call.writes().size(), false) {
  Packed packed = pack(call.writes(), call.target_id());
  report_unsendable(packed);
  blocks_ = std::move(packed.blocks);
  for (Lane& lane : packed.lanes) {
    if (lane.maker != kNone) track_of_[lane.maker] = tracks_.size();
    tracks_.push_back({std::move(lane)});
    prepare(tracks_.back());
  }
}

Task<Status> Writer::run() {
  for (next_step(); !step_.empty(); next_step()) {
    const std::vector<Reply> replies = co_await call_.send_all(requests_);
    for (std::size_t i = 0; i < replies.size(); ++i) settle(step_[i], replies[i]);
  }
  for (std::uint32_t i = 0; i < reported_.size(); ++i) report(Outcome::not_attempted(i));
  co_return Status();
}

void Writer::report(Outcome outcome) {
  if (reported_[outcome.write]) return;
  reported_[outcome.write] = true;
  call_.report(outcome);
}

/// Done without a request: what was there still is.
void Writer::report_untouched(std::uint32_t index) {
  Outcome outcome = Outcome::done(index, write(index).id);
  outcome.version = write(index).if_version;
  report(std::move(outcome));
}

void Writer::report_all(const Job& job, const Outcome& like) {
  for (const std::uint32_t index : carried(job)) {
    Outcome outcome = like;
    outcome.write = index;
    report(std::move(outcome));
  }
}

void Writer::report_unsendable(const Packed& packed) {
  for (const std::uint32_t i : packed.nothing_to_send) report_untouched(i);
  for (const std::uint32_t i : packed.homeless) report(Outcome::not_attempted(i));
  for (const Unsendable& each : packed.unsendable) report(Outcome::failed(each.write, each.error));
}

/// What memos tell of a table, so that it need not be read.
void Writer::prepare(Track& track) {
  const Job& job = track.lane.jobs.front();
  if (job.kind != Job::Kind::update && job.kind != Job::Kind::update_columns) return;
  track.schema = schema_of_memo(write(job.write).memo);
}

void Writer::next_step() {
  step_.clear();
  requests_.clear();
  const auto closed = [](const Track& track) { return track.stopped || track.lane.jobs.empty(); };
  while (first_open_ < tracks_.size() && closed(tracks_[first_open_])) ++first_open_;
  for (std::size_t i = first_open_; i < tracks_.size(); ++i) {
    if (stopped_ || step_.size() == kMostAtOnce) return;
    take_from(i);
  }
}

void Writer::take_from(std::size_t index) {
  Track& track = tracks_[index];
  if (track.lane.container_id.empty()) return;  // not made yet, or never
  bool sent = false;
  while (!track.stopped && !track.lane.jobs.empty() && step_.size() < kMostAtOnce) {
    if (sent && track.lane.in_order) return;
    if (const std::optional<Asks> asks = to_look_up(track)) {
      if (sent) return;
      requests_.push_back(lookup(track, *asks));
      step_.push_back({index, *asks, track.lane.jobs.front()});
      return;
    }
    Job job = std::move(track.lane.jobs.front());
    track.lane.jobs.pop_front();
    std::optional<Request> request = request_of(track, job);
    if (!request) continue;
    request->writes = carried(job);
    requests_.push_back(*std::move(request));
    step_.push_back({index, Asks::job, std::move(job)});
    sent = true;
  }
}

std::optional<Writer::Asks> Writer::to_look_up(const Track& track) const {
  const Job& job = track.lane.jobs.front();
  const Asks schema = track.schema.source_id.empty() ? Asks::database : Asks::source;
  const bool keyless = !track.schema.columns.empty() && !track.schema.named(kKeyColumn);
  if (job.guarded(call_.writes()) && !track.guarded) return Asks::guard;
  switch (job.kind) {
    case Job::Kind::make_row:
      if (keyless && !track.keyed) return Asks::key_column;
      [[fallthrough]];
    case Job::Kind::update_columns:
      if (track.schema.columns.empty()) return schema;
      return std::nullopt;
    case Job::Kind::update:
      if (write(job.write).kind == "row" && track.schema.columns.empty()) return Asks::row;
      return std::nullopt;
    default:
      if (job.place.at == Place::At::front && !track.looked) return Asks::front;
      return std::nullopt;
  }
}

Request Writer::lookup(const Track& track, Asks asks) const {
  const std::string& id = track.lane.container_id;
  switch (asks) {
    case Asks::front:
      return children(id, {}, 1);
    case Asks::guard:
      return read(collection_of(write(track.lane.jobs.front().write)), id);
    case Asks::source:
      return read("data_sources", track.schema.source_id);
    case Asks::key_column:
      return set("data_sources", track.schema.source_id, key_column_again(track.schema));
    case Asks::row:
      return read("pages", id);
    default:
      return read("databases", id);
  }
}

std::vector<std::uint32_t> Writer::carried(const Job& job) const {
  std::vector<std::uint32_t> all;
  if (job.write != kNone) all.push_back(job.write);
  for (const Top& top : job.tops) {
    all.push_back(top.write);
    all.insert(all.end(), top.nested.begin(), top.nested.end());
  }
  return all;
}

std::string Writer::children_of(const Job& job) const {
  std::string all;
  for (const Top& top : job.tops) {
    std::string inside;
    for (const std::uint32_t todo : top.nested) {
      if (!inside.empty()) inside += ',';
      inside += blocks_[todo];
    }
    if (!all.empty()) all += ',';
    all += inside.empty() ? blocks_[top.write] : with_children(blocks_[top.write], inside);
  }
  return all;
}

std::string Writer::position(const Track& track, const Job& job, const char* start) const {
  std::string after = job.place.id;
  if (job.place.at == Place::At::end) return {};
  if (job.place.at == Place::At::after_last && !track.last_id.empty()) after = track.last_id;
  if (job.place.at == Place::At::front) {
    after = track.front.callout;
    if (after.empty() && !track.front.any) return {};
    if (after.empty()) return std::string(R"(,"position":{"type":")") + start + R"("})";
  }
  if (after.empty()) return {};
  return R"(,"position":{"type":"after_block","after_block":{"id":)" + quote(after) + "}}";
}

std::optional<Request> Writer::request_of(Track& track, Job& job) {
  switch (job.kind) {
    case Job::Kind::make_page:
      return make_page(track, job);
    case Job::Kind::append:
      return append_blocks(track, job);
    case Job::Kind::remove:
      return removal(write(job.write));
    case Job::Kind::update:
    case Job::Kind::update_columns:
      return change(track, job);
    case Job::Kind::make_database:
    case Job::Kind::make_row:
      break;
  }
  const StatusAs status = job.select_for_status ? StatusAs::select : StatusAs::status;
  const bool row = job.kind == Job::Kind::make_row;
  Result<std::string> body =
      row ? new_row(write(job.write), track.schema)
          : new_database(write(job.write).fields, track.lane.container_id, status);
  if (!body) {
    report(Outcome::failed(job.write, body.error()));
    return std::nullopt;
  }
  return make(row ? "pages" : "databases", *std::move(body));
}

std::optional<Request> Writer::make_page(const Track& track, const Job& job) {
  Result<PageParts> parts = new_page(write(job.write).fields);
  if (!parts) {
    report(Outcome::failed(job.write, parts.error()));
    return std::nullopt;
  }
  std::string body = R"({"parent":{"type":"page_id","page_id":)" + quote(track.lane.container_id) +
                     "}," + parts->properties;
  if (!job.without_icon) body += parts->icon;
  std::string blocks = children_of(job);
  if (!parts->help.empty()) blocks = parts->help + (blocks.empty() ? "" : ",") + blocks;
  if (!blocks.empty()) body += R"(,"children":[)" + blocks + "]";
  body += position(track, job, "page_start") + "}";
  return make("pages", std::move(body));
}

Request Writer::append_blocks(const Track& track, const Job& job) const {
  std::string body =
      R"({"children":[)" + children_of(job) + "]" + position(track, job, "start") + "}";
  return append(track.lane.container_id, std::move(body));
}

Request Writer::removal(const Write& write) const {
  if (collection_of(write) == "blocks") return trash_block(write.id);
  return trash(collection_of(write), write.id);
}

/// Nothing where there is nothing to send: then the write is done, or failed, already.
std::optional<Request> Writer::change(Track& track, const Job& job) {
  const Write& wanted = write(job.write);
  const bool columns = job.kind == Job::Kind::update_columns;
  const StatusAs status = job.select_for_status ? StatusAs::select : StatusAs::status;
  Result<std::string> body = columns ? changed_columns(wanted.fields, track.schema, status)
                             : wanted.kind == "row" ? changed_row(wanted, track.schema)
                                                    : changed_body(wanted, track.shown);
  if (!body) {
    report(Outcome::failed(job.write, body.error()));
    track.stopped = true;
    return std::nullopt;
  }
  if (!body->empty() && columns)
    return set("data_sources", track.schema.source_id, *std::move(body));
  if (!body->empty()) return set(collection_of(wanted), wanted.id, *std::move(body));
  if (track.lane.jobs.empty()) report_untouched(job.write);
  return std::nullopt;
}

}  // namespace notion
