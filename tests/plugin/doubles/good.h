/* A small, correct connector in C11, without the C++ wrapper: what most doubles are made from.
 *   list   asks GET /things, emits one item whose id is the body
 *   write  one POST per write, all in one step, at most GOOD_MOST; done with the body as id
 * A double includes this file and changes what it is about. */
#ifndef MORTISE_TEST_GOOD_H
#define MORTISE_TEST_GOOD_H

#include <mortise/services.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOOD_MOST 8

struct mt_operation {
  int32_t kind;
  const mt_sink* sink;
  uint32_t write_count;
  uint32_t indexes[GOOD_MOST];
  mt_request requests[GOOD_MOST];
  const mt_request* pointers[GOOD_MOST];
};

static mt_str good_text(const char* text) {
  mt_str out = {text, strlen(text)};
  return out;
}

static mt_request* good_request(struct mt_operation* operation, uint32_t index, const char* method,
                                const char* target) {
  mt_request* request = &operation->requests[index];
  memset(request, 0, sizeof *request);
  request->size = sizeof *request;
  request->origin = good_text("api");
  request->method = good_text(method);
  request->target = good_text(target);
  operation->pointers[index] = request;
  return request;
}

static void good_send(struct mt_operation* operation, size_t count, mt_step* step) {
  step->state = MT_STEP_SEND;
  step->requests = operation->pointers;
  step->request_count = count;
}

static void good_fail(mt_step* step, int32_t code, const char* message) {
  step->state = MT_STEP_FAILED;
  step->code = code;
  step->message = good_text(message);
}

static struct mt_operation* good_begin_operation(const mt_call* call, const mt_sink* sink) {
  struct mt_operation* operation = (struct mt_operation*)calloc(1, sizeof *operation);
  if (operation == NULL) return NULL;
  operation->kind = call->operation;
  operation->sink = sink;
  operation->write_count = (uint32_t)call->write_count;
  return operation;
}

static mt_operation* good_begin(void* self, const mt_call* call, const mt_sink* sink,
                                mt_step* step) {
  (void)self;
  struct mt_operation* operation = good_begin_operation(call, sink);
  if (operation == NULL) return NULL;
  if (call->operation == MT_LIST) {
    good_request(operation, 0, "GET", "/things")->flags = MT_REPEATABLE;
    good_send(operation, 1, step);
  } else if (call->operation == MT_WRITE && operation->write_count > GOOD_MOST) {
    good_fail(step, MT_TOO_LARGE, "too many writes at once");
  } else if (call->operation == MT_WRITE && operation->write_count == 0) {
    step->state = MT_STEP_DONE; /* a step that sends nothing is refused */
  } else if (call->operation == MT_WRITE) {
    for (uint32_t i = 0; i < operation->write_count; ++i) {
      mt_request* request = good_request(operation, i, "POST", "/things");
      operation->indexes[i] = i;
      request->writes = &operation->indexes[i];
      request->write_count = 1;
    }
    good_send(operation, operation->write_count, step);
  } else {
    good_fail(step, MT_UNSUPPORTED, "only list and write");
  }
  return operation;
}

static void good_emit(const struct mt_operation* operation, mt_str id) {
  mt_item item;
  memset(&item, 0, sizeof item);
  item.size = sizeof item;
  item.kind = good_text("thing");
  item.id = id;
  item.fields = good_text("{\"b\": 1, \"a\": \"x\"}");
  operation->sink->item(operation->sink->context, &item);
}

static void good_report(const struct mt_operation* operation, uint32_t write,
                        const mt_reply* reply) {
  mt_outcome outcome;
  memset(&outcome, 0, sizeof outcome);
  outcome.size = sizeof outcome;
  outcome.write = write;
  const int broken = reply->error == MT_OK && reply->status >= 500;
  if (reply->error == MT_OK && reply->status < 300) {
    outcome.result = MT_DONE;
    outcome.id = reply->body;
  } else {
    const int lost = reply->error != MT_OK && (reply->flags & MT_MAYBE_SENT) != 0;
    outcome.result = lost || broken ? MT_UNCERTAIN : MT_FAILED;
    outcome.code = reply->error != MT_OK ? reply->error : broken ? MT_UNAVAILABLE : MT_INVALID;
    outcome.message = good_text("the service did not take it");
  }
  operation->sink->outcome(operation->sink->context, &outcome);
}

static void good_resume(mt_operation* operation, const mt_reply* const* replies, size_t reply_count,
                        mt_step* step) {
  const mt_sink* sink = operation->sink;
  if (operation->kind == MT_LIST) {
    good_emit(operation, replies[0]->body);
    sink->complete(sink->context, good_text(""));
    sink->cursor(sink->context, good_text("next"));
  } else {
    for (size_t i = 0; i < reply_count; ++i) good_report(operation, (uint32_t)i, replies[i]);
  }
  step->state = MT_STEP_DONE;
}

static void good_end(mt_operation* operation) {
  free(operation);
}
static void good_destroy(void* self) {
  free(self);
}
static const void* good_ability(void* self, const char* name) {
  (void)self;
  (void)name;
  return NULL;
}

static mt_connector* good_connector(void) {
  mt_connector* connector = (mt_connector*)calloc(1, sizeof *connector);
  if (connector == NULL) return NULL;
  connector->size = sizeof *connector;
  connector->self = connector;
  connector->destroy = good_destroy;
  connector->begin = good_begin;
  connector->resume = good_resume;
  connector->end = good_end;
  connector->ability = good_ability;
  return connector;
}

#define GOOD_ENTRY(create)                                                           \
  const mt_plugin mortise_plugin_entry = {MT_ABI_MAJOR,           MT_ABI_MINOR,      \
                                          sizeof(mt_plugin),      MORTISE_PLUGIN_ID, \
                                          MORTISE_PLUGIN_VERSION, create}

#endif
