// Breaks the contract in the way that call.target_id names: one branch for each rule of the host.
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

extern "C" {
#include "good.h"
}

namespace {

mt_str lend(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(mt_str text) {
  return {text.data, text.size};
}

const mt_host* g_host = nullptr;

// Lies in what it reports.
bool report_lie(std::string_view lie, const mt_sink* sink) {
  const std::string big(70'000, 'x');
  mt_item item = {};
  item.size = sizeof(item);
  item.kind = good_text("thing");
  item.id = good_text("1");
  mt_outcome outcome = {};
  outcome.size = sizeof(outcome);
  outcome.id = good_text("1");
  mt_target target = {};
  target.size = sizeof(target);
  if (lie == "item null") {
    sink->item(sink->context, nullptr);
  } else if (lie == "item size") {
    item.size = 16;
    sink->item(sink->context, &item);
  } else if (lie == "item state") {
    item.state = 77;
    sink->item(sink->context, &item);
  } else if (lie == "item id") {
    item.id = {nullptr, 0};
    sink->item(sink->context, &item);
  } else if (lie == "item null text") {
    item.id = {nullptr, 5};
    sink->item(sink->context, &item);
  } else if (lie == "item endless text") {
    item.id = {item.id.data, static_cast<std::size_t>(-1)};
    sink->item(sink->context, &item);
  } else if (lie == "item utf8") {
    item.id = good_text("\xC3\x28");
    sink->item(sink->context, &item);
  } else if (lie == "item fields") {
    item.fields = good_text("[1, 2");
    sink->item(sink->context, &item);
  } else if (lie == "item list fields") {
    item.fields = good_text("[1, 2]");
    sink->item(sink->context, &item);
  } else if (lie == "item fraction") {
    item.fields = good_text("{\"hours\": 1.5}");
    sink->item(sink->context, &item);
  } else if (lie == "item null field") {
    item.fields = good_text("{\"title\": \"null\", \"notes\": null}");
    sink->item(sink->context, &item);
  } else if (lie == "outcome null field") {
    outcome.fields = good_text("{\"notes\": null}");
    sink->outcome(sink->context, &outcome);
  } else if (lie == "item memo") {
    item.memo = lend(big);
    sink->item(sink->context, &item);
  } else if (lie.substr(0, 9) == "item url ") {
    item.url = lend(lie.substr(9));
    sink->item(sink->context, &item);
  } else if (lie.substr(0, 12) == "outcome url ") {
    outcome.url = lend(lie.substr(12));
    sink->outcome(sink->context, &outcome);
  } else if (lie.substr(0, 11) == "target url ") {
    target.id = target.kind = good_text("place");
    target.url = lend(lie.substr(11));
    sink->target(sink->context, &target);
  } else if (lie == "item edited before") {
    item.edited_ms = -1;
    sink->item(sink->context, &item);
  } else if (lie == "item edited after") {
    item.edited_ms = 253'402'300'800'000;
    sink->item(sink->context, &item);
  } else if (lie == "many items") {
    for (int i = 0; i < 5000; ++i) sink->item(sink->context, &item);
  } else if (lie == "cursor") {
    sink->cursor(sink->context, lend(big));
  } else if (lie == "outcome of nothing") {
    outcome.write = 99;
    sink->outcome(sink->context, &outcome);
  } else if (lie == "outcome twice") {
    sink->outcome(sink->context, &outcome);
    sink->outcome(sink->context, &outcome);
  } else if (lie == "outcome result") {
    outcome.result = -3;
    sink->outcome(sink->context, &outcome);
  } else if (lie == "outcome without id") {
    outcome.id = {nullptr, 0};
    sink->outcome(sink->context, &outcome);
  } else if (lie == "target kind") {
    target.id = target.kind = good_text("moon");
    sink->target(sink->context, &target);
  } else if (lie == "target") {
    sink->target(sink->context, &target);
  } else if (lie == "identity") {
    sink->identity(sink->context, good_text("{\"email\": \"a@b.c\"}"));
  } else if (lie == "other thread") {
    std::thread([&] { sink->item(sink->context, &item); }).join();
  } else {
    return false;
  }
  return true;
}

// Lies in what it wants sent.
bool request_lie(std::string_view lie, mt_operation* operation, mt_step* step) {
  static const mt_header kHeaders[] = {{good_text("Authorization"), good_text("Bearer mine")},
                                       {good_text("X-A"), good_text("b\r\nX-C: d")},
                                       {good_text("X A"), good_text("b")},
                                       {good_text("X-A"), {nullptr, 500}},
                                       {{nullptr, 500}, good_text("b")}};
  static const std::string kLong(1500, 'x');
  static const std::string kLongTarget = "/" + kLong;
  static const mt_header kLongHeader = {good_text("X-A"), lend(kLong)};
  static const std::uint32_t kWrites[] = {99};
  mt_request* request = good_request(operation, 0, "GET", "/things");
  if (lie == "origin") {
    request->origin = good_text("https://evil.test");
  } else if (lie == "endless origin") {
    request->origin = {"api", std::size_t{1} << 40U};
  } else if (lie == "null origin") {
    request->origin = {nullptr, 500};
  } else if (lie == "endless method") {
    request->method = {"GET", std::size_t{1} << 40U};
  } else if (lie == "null target") {
    request->target = {nullptr, 500};
  } else if (lie == "null body") {
    request->body = {nullptr, 500};
  } else if (lie == "null header") {
    request->headers = &kHeaders[3];
    request->header_count = 1;
  } else if (lie == "null header name") {
    request->headers = &kHeaders[4];
    request->header_count = 1;
  } else if (lie == "long target") {
    request->target = lend(kLongTarget);
  } else if (lie == "long header") {
    request->headers = &kLongHeader;
    request->header_count = 1;
  } else if (lie == "method") {
    request->method = good_text("CONNECT");
  } else if (lie == "target host") {
    request->target = good_text("//evil.test/");
  } else if (lie.substr(0, 8) == "target /") {
    request->target = lend(lie.substr(7));
  } else if (lie == "covers all") {
    static const std::vector<std::uint32_t> kAll(300, 0);
    request->writes = kAll.data();
    request->write_count = kAll.size();
  } else if (lie == "target url") {
    request->target = good_text("http://evil.test/");
  } else if (lie == "target lines") {
    request->target = good_text("/a HTTP/1.1\r\nHost: evil.test");
  } else if (lie == "header of the host") {
    request->headers = &kHeaders[0];
    request->header_count = 1;
  } else if (lie == "header lines") {
    request->headers = &kHeaders[1];
    request->header_count = 1;
  } else if (lie == "header name") {
    request->headers = &kHeaders[2];
    request->header_count = 1;
  } else if (lie == "headers null") {
    request->header_count = 3;
  } else if (lie == "request size") {
    request->size = 8;
  } else if (lie == "request null") {
    operation->pointers[0] = nullptr;
  } else if (lie == "covers nothing") {
    request->writes = kWrites;
    request->write_count = 1;
  } else if (lie == "writes null") {
    request->write_count = 1;
  } else if (lie == "large body") {
    request->body = {"x", std::size_t{1} << 40U};
  } else if (lie == "sends nothing") {
    good_send(operation, 0, step);
    return true;
  } else if (lie == "sends too much") {
    good_send(operation, std::size_t{1} << 40U, step);
    return true;
  } else if (lie == "items for ever") {
    operation->write_count = 1;  // of a listing: resume() emits
    good_emit(operation, good_text("1"));
  } else if (lie != "for ever") {
    return false;
  }
  good_send(operation, 1, step);
  return true;
}

mt_operation* begin(void*, const mt_call* call, const mt_sink* sink, mt_step* step) {
  const std::string_view lie = view(call->target_id);
  if (lie == "no operation") return nullptr;
  if (lie == "says nothing") return good_begin(nullptr, call, sink, step);
  mt_operation* operation = good_begin_operation(call, sink);
  step->state = MT_STEP_DONE;
  if (lie == "no state") step->state = 9;
  if (lie == "failure") {
    const std::string message = "two\nlines \xFF" + std::string(5000, 'm');
    // The message must stay valid until the next call: here it lives as long as the process.
    static const std::string kKept = message;
    step->state = MT_STEP_FAILED;
    step->code = 1234;
    step->message = lend(kKept);
    return operation;
  }
  if (lie == "logs much") {
    const std::string line = "two\nlines \xFF" + std::string(5000, 'm');
    for (std::int32_t i = 0; i < 500; ++i) g_host->log(g_host->context, i - 250, lend(line));
    g_host->log(g_host->context, MT_LOG_INFO, {nullptr, 5});
    return operation;
  }
  if (lie.substr(0, 7) == "reason " || lie.substr(0, 5) == "wait ") {
    step->state = MT_STEP_FAILED;
    step->code = MT_RATE_LIMITED;
    step->message = good_text("refused");
    if (lie[0] == 'r') step->reason = lend(lie.substr(7));
    if (lie[0] == 'w') step->retry_after_ms = std::stoll(std::string(lie.substr(5)));
    if (lie == "reason null") step->reason = {nullptr, 5};
    return operation;
  }
  if (!report_lie(lie, sink)) request_lie(lie, operation, step);
  return operation;
}

void resume(mt_operation* operation, const mt_reply* const*, size_t, mt_step* step) {
  if (operation->kind == MT_WRITE) {
    step->state = MT_STEP_DONE;  // not a word about the writes
    return;
  }
  if (operation->write_count != 0) good_emit(operation, good_text("1"));
  good_request(operation, 0, "GET", "/again");
  good_send(operation, 1, step);
}

const mt_connector* create(const mt_host* host) {
  g_host = host;
  mt_connector* connector = good_connector();
  connector->begin = begin;
  connector->resume = resume;
  return connector;
}

}  // namespace

GOOD_ENTRY(create);
