/* A whole connector in C11, without the C++ wrapper and without a JSON library. Acme's documents:
 *   GET    /documents       the ids, one on each line
 *   GET    /documents/<id>  a JSON object, in the words of docs/kinds.md
 *   PUT    /documents/<id>  writes it, made anew where it is not there; answers what is stored now
 *   DELETE /documents/<id>
 * An operation is a small state machine: what it asks for next stands in mt_operation, and resume()
 * goes on from there. */
#include <mortise/services.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 100 }; /* requests of a step; the host takes 1,000 */

/* One request of ours and what it points to. */
typedef struct errand {
  mt_request request;
  mt_str id;      /* of the document; points into mt_operation.text or is the call's copy */
  char* target;   /* owned */
  char* body;     /* owned, or NULL */
  int32_t action; /* MT_CREATE, MT_UPDATE, MT_REMOVE; 0 for reading */
  uint32_t write; /* index into mt_call.writes */
} errand;

struct mt_operation {
  int32_t kind;
  const mt_sink* sink; /* valid until end() */
  char* text;          /* the ids that `errands` name, owned */
  int listing;         /* the ids are asked for, and not known yet */
  errand* errands;     /* all that is to be sent, owned */
  size_t count, next;  /* how many there are; the first one that was not answered */
  size_t sent;         /* how many of them the open step sends */
  mt_request list;
  const mt_request* pointers[AT_ONCE];
};

static const mt_header json[] = {{{"Content-Type", 12}, {"application/json", 16}}};

static mt_str text(const char* literal) {
  mt_str out = {literal, strlen(literal)};
  return out;
}

static void fail(mt_step* step, int32_t code, const char* literal) {
  step->state = MT_STEP_FAILED;
  step->code = code;
  step->message = text(literal);
}

/* "/documents/" and the id, percent-encoded (RFC 3986) and ended by NUL; NULL if memory ran out. */
static char* path_of(mt_str id) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
  static const char hex[] = "0123456789ABCDEF";
  char* path = malloc(sizeof "/documents/" + 3 * id.size);
  if (path == NULL) return NULL;
  char* to = path + strlen(strcpy(path, "/documents/"));
  for (size_t i = 0; i < id.size; ++i) {
    const unsigned char byte = (unsigned char)id.data[i];
    if (byte != 0 && strchr(plain, byte) != NULL) {
      *to++ = (char)byte;
    } else {
      *to++ = '%';
      *to++ = hex[byte >> 4];
      *to++ = hex[byte & 15];
    }
  }
  *to = '\0';
  return path;
}

static char* copy(mt_str from) {
  char* out = malloc(from.size + 1);
  if (out == NULL) return NULL;
  if (from.size > 0) memcpy(out, from.data, from.size);
  out[from.size] = '\0';
  return out;
}

/* Adds a request for one document; 0 if memory ran out. `id` lives as long as the operation. */
static int add(mt_operation* operation, const char* method, mt_str id) {
  errand* one = &operation->errands[operation->count];
  memset(one, 0, sizeof *one);
  one->id = id;
  one->target = path_of(id);
  if (one->target == NULL) return 0;
  ++operation->count; /* from here on end() frees it */
  one->request.size = sizeof one->request;
  one->request.origin = text("api");
  one->request.method = text(method);
  one->request.target = text(one->target);
  one->request.flags = MT_REPEATABLE; /* whatever is done twice here ends the same */
  return 1;
}

/* Reads the documents that stand in operation->text, one on each line. */
static int add_lines(mt_operation* operation) {
  size_t lines = 1;
  for (const char* at = operation->text; *at != '\0'; ++at) lines += *at == '\n';
  operation->errands = calloc(lines, sizeof *operation->errands);
  if (operation->errands == NULL) return 0;
  for (const char* at = operation->text; *at != '\0';) {
    const mt_str id = {at, strcspn(at, "\n")};
    if (id.size > 0 && !add(operation, "GET", id)) return 0;
    at += id.size + (at[id.size] == '\n');
  }
  return 1;
}

/* The ids of a get, or those of the writes, as lines of operation->text. */
static int keep_ids(mt_operation* operation, const mt_call* call) {
  const int writing = call->operation == MT_WRITE;
  const size_t count = writing ? call->write_count : call->id_count;
  size_t bytes = 1;
  for (size_t pass = 0; pass < 2; ++pass) {
    char* to = operation->text;
    for (size_t i = 0; i < count; ++i) {
      const mt_write* write = writing ? call->writes[i] : NULL;
      /* A creation takes its once_key as the id: made again, it makes nothing new. */
      const mt_str id = !writing                     ? call->ids[i]
                        : write->action == MT_CREATE ? write->once_key
                                                     : write->id;
      if (pass == 0) {
        bytes += id.size + 1;
        continue;
      }
      if (id.size > 0) memcpy(to, id.data, id.size);
      to[id.size] = '\n';
      to += id.size + 1;
    }
    if (pass == 1) *to = '\0';
    if (pass == 0 && (operation->text = malloc(bytes)) == NULL) return 0;
  }
  return 1;
}

static int add_writes(mt_operation* operation, const mt_call* call) {
  operation->errands = calloc(call->write_count + 1, sizeof *operation->errands);
  if (operation->errands == NULL) return 0;
  const char* at = operation->text;
  for (size_t i = 0; i < call->write_count; ++i) {
    const mt_write* write = call->writes[i];
    const mt_str id = {at, strcspn(at, "\n")};
    at += id.size + 1;
    if (!add(operation, write->action == MT_REMOVE ? "DELETE" : "PUT", id)) return 0;
    errand* one = &operation->errands[i];
    one->action = write->action;
    one->write = (uint32_t)i;
    one->request.writes = &one->write; /* which write it carries out: the host journals that */
    one->request.write_count = 1;
    if (write->action == MT_REMOVE) continue;
    /* Acme takes whole documents; a service that takes single fields gets those in `changed`. */
    one->body = copy(write->fields);
    if (one->body == NULL) return 0;
    one->request.body = text(one->body);
    one->request.headers = json;
    one->request.header_count = 1;
  }
  return 1;
}

/* Sends what was not sent yet, or ends the operation. */
static void go_on(mt_operation* operation, mt_step* step) {
  const mt_sink* sink = operation->sink;
  const size_t left = operation->count - operation->next;
  operation->sent = left < AT_ONCE ? left : AT_ONCE;
  if (operation->sent == 0) { /* a step that sends nothing is refused */
    if (operation->kind == MT_LIST) sink->complete(sink->context, text(""));
    step->state = MT_STEP_DONE;
    return;
  }
  for (size_t i = 0; i < operation->sent; ++i) {
    operation->pointers[i] = &operation->errands[operation->next + i].request;
  }
  step->state = MT_STEP_SEND;
  step->requests = operation->pointers;
  step->request_count = operation->sent;
}

static int succeeded(const mt_reply* reply) {
  return reply->error == MT_OK && reply->status >= 200 && reply->status < 300;
}

static int32_t code_of(const mt_reply* reply) {
  if (reply->error != MT_OK) return reply->error;
  if (reply->status == 403) return MT_FORBIDDEN;
  if (reply->status == 404) return MT_NOT_FOUND;
  if (reply->status == 409) return MT_CONFLICT;
  return reply->status >= 500 ? MT_UNAVAILABLE : MT_INVALID;
}

/* 0 if the operation cannot go on. */
static int emit(mt_operation* operation, const errand* of, const mt_reply* reply, mt_step* step) {
  const int gone = reply->error == MT_OK && reply->status == 404;
  if (!gone && !succeeded(reply)) {
    fail(step, code_of(reply), "reading a document of Acme's");
    return 0;
  }
  if (gone && operation->kind == MT_LIST) return 1; /* since the ids were listed */
  mt_item item;
  memset(&item, 0, sizeof item);
  item.size = sizeof item;
  item.state = gone ? MT_ABSENT : MT_PRESENT; /* no error, which would be of all ids */
  item.kind = text("todo");
  item.id = of->id;
  if (!gone) item.fields = reply->body;
  operation->sink->item(operation->sink->context, &item);
  return 1;
}

static void report(const mt_operation* operation, const errand* of, const mt_reply* reply) {
  const int lost = reply->error != MT_OK && (reply->flags & MT_MAYBE_SENT) != 0;
  const int gone = reply->error == MT_OK && reply->status == 404;
  mt_outcome outcome;
  memset(&outcome, 0, sizeof outcome);
  outcome.size = sizeof outcome;
  outcome.write = of->write;
  if (succeeded(reply) || (gone && of->action == MT_REMOVE)) {
    outcome.result = MT_DONE;
    outcome.id = of->id;
    if (of->action != MT_REMOVE) outcome.fields = reply->body; /* the service's own form */
  } else {
    /* Lost on the way back, or broken off half-way: Acme may have done it. */
    outcome.result =
        lost || (reply->error == MT_OK && reply->status >= 500) ? MT_UNCERTAIN : MT_FAILED;
    outcome.code = code_of(reply);
    outcome.message = text("writing a document of Acme's");
  }
  operation->sink->outcome(operation->sink->context, &outcome);
}

/* All documents stand in one place. */
static void offer_store(const mt_sink* sink) {
  mt_target target;
  memset(&target, 0, sizeof target);
  target.size = sizeof target;
  target.id = text("store");
  target.kind = text("store");
  target.title = text("Documents");
  target.flags = MT_TARGET_DEFAULT; /* nobody has to choose */
  sink->target(sink->context, &target);
}

static void end(mt_operation* operation) {
  for (size_t i = 0; i < operation->count; ++i) {
    free(operation->errands[i].target);
    free(operation->errands[i].body);
  }
  free(operation->errands);
  free(operation->text);
  free(operation);
}

/* What the call lends is gone when this returns: copied is what is needed later. */
static mt_operation* begin(void* self, const mt_call* call, const mt_sink* sink, mt_step* step) {
  (void)self;
  mt_operation* operation = calloc(1, sizeof *operation);
  if (operation == NULL) return NULL;
  operation->kind = call->operation;
  operation->sink = sink;
  int ready = 1;
  if (call->operation == MT_LIST) {
    operation->listing = 1;
    operation->list.size = sizeof operation->list;
    operation->list.origin = text("api");
    operation->list.method = text("GET");
    operation->list.target = text("/documents");
    operation->list.flags = MT_REPEATABLE;
    operation->pointers[0] = &operation->list;
    step->state = MT_STEP_SEND;
    step->requests = operation->pointers;
    step->request_count = 1;
    return operation;
  }
  if (call->operation == MT_GET) {
    ready = keep_ids(operation, call) && add_lines(operation);
  } else if (call->operation == MT_WRITE) {
    ready = keep_ids(operation, call) && add_writes(operation, call);
  } else if (call->operation == MT_TARGETS) {
    offer_store(sink);
  } else {
    fail(step, MT_UNSUPPORTED, "this connector lists, gets, writes and offers one place");
    return operation;
  }
  if (!ready) {
    end(operation);
    return NULL;
  }
  go_on(operation, step);
  return operation;
}

static void resume(mt_operation* operation, const mt_reply* const* replies, size_t reply_count,
                   mt_step* step) {
  if (operation->listing) {
    operation->listing = 0;
    if (reply_count != 1 || !succeeded(replies[0])) {
      fail(step, reply_count == 1 ? code_of(replies[0]) : MT_INTERNAL, "listing Acme's documents");
      return;
    }
    operation->text = copy(replies[0]->body);
    if (operation->text == NULL || !add_lines(operation)) {
      fail(step, MT_INTERNAL, "no memory left");
      return;
    }
    go_on(operation, step);
    return;
  }
  for (size_t i = 0; i < reply_count && i < operation->sent; ++i) {
    const errand* of = &operation->errands[operation->next + i];
    if (operation->kind == MT_WRITE) {
      report(operation, of, replies[i]); /* as soon as known: the host commits at each step */
    } else if (!emit(operation, of, replies[i], step)) {
      return;
    }
  }
  operation->next += operation->sent;
  go_on(operation, step);
}

static void destroy(void* self) {
  (void)self;
}
static const void* ability(void* self, const char* name) {
  (void)self;
  (void)name;
  return NULL;
}

/* It keeps no state between operations: one for all, and never written. */
static const mt_connector connector = {
    sizeof(mt_connector), NULL, destroy, begin, resume, end, ability};

static const mt_connector* create(const mt_host* host) {
  (void)host;
  return &connector;
}

const mt_plugin mortise_plugin_entry = {MT_ABI_MAJOR,           MT_ABI_MINOR,
                                        sizeof(mt_plugin),      MORTISE_PLUGIN_ID,
                                        MORTISE_PLUGIN_VERSION, create};
