/* TEST ONLY: an invented next minor of the contract. Structs have a field more. */
/* The binary contract between the host and a connector plugin. C11, no allocation crosses it.
 *
 * A plugin is a shared library that exports ONE symbol, `mortise_plugin_entry`. The host reads the
 * manifest beside the library first, opens the library, checks `abi_major`, and calls `create`.
 *
 * Rules that hold for every line below
 *  - Memory never changes owner. What a caller passes in is borrowed for that call (or for the time
 * a comment states); results go out through a sink that copies. Nobody frees the other side's
 * memory.
 *  - Structs carry their `size` and only ever append. A reader asks MT_HAS(p, field) before it
 * reads a field that was not there in 1.0. Arrays are arrays of pointers, so that elements may
 * grow. No struct ends in padding: a field appended there would look present in an old plugin.
 * (mt_str and mt_header have no size and never change.)
 *  - A `reason` beside an error's code and message is the stable detail that a program may switch
 * on, e.g. "quota_exceeded": lower-case letters, digits and '_', at most 64, or empty. `message` is
 * one line for people, without secrets. `retry_after_ms` is how long the service asked to be left
 * alone, up to 24 hours, and 0 where it did not say.
 *  - A connector does no I/O, starts no thread, reads no clock and keeps no global state. An
 * operation says which requests it wants sent; the host signs, paces, retries and records them.
 *  - Threads: [any worker] = any host thread, but never two at a time for the same operation.
 *    Several operations of one instance may be open at once, on different threads.
 *  - No exception crosses. Text is UTF-8. All times are milliseconds since 1970-01-01T00:00:00Z,
 *    up to the end of the year 9999; a connector reports 0 for what is not in these years.
 *
 * Decided in docs/adr/0001, 0002, 0003. */
#ifndef MORTISE_ABI_H
#define MORTISE_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A major that differs is refused by name. A minor only tells which fields may be there; what is
 * there is asked of `size`. */
#define MT_ABI_MAJOR 1
#define MT_ABI_MINOR 3

/* True when the struct behind `p` is large enough to hold `field`. */
#define MT_HAS(p, field) ((p)->size >= offsetof(__typeof__(*(p)), field) + sizeof((p)->field))

/* Marks the one symbol that a plugin shows. */
#define MT_EXPORT __attribute__((visibility("default")))

/* The error classes, spelled once for the whole product. 0 is success. */
enum {
  MT_OK = 0,
  MT_INVALID = 1,
  MT_UNAUTHENTICATED = 2,
  MT_FORBIDDEN = 3,
  MT_NOT_FOUND = 4,
  MT_CONFLICT = 5,
  MT_STALE = 6,
  MT_TOO_LARGE = 7,
  MT_RATE_LIMITED = 8,
  MT_CANCELLED = 9,
  MT_UNAVAILABLE = 10,
  MT_UNSUPPORTED = 11,
  MT_INTERNAL = 12
};

/* Bounds that the host enforces by refusing what is larger. */
enum {
  MT_MEMO_MAX = 4096,   /* mt_item.memo, mt_outcome.memo */
  MT_CURSOR_MAX = 65536 /* mt_sink.cursor */
};

/* Bytes, borrowed, not NUL-terminated. {NULL, 0} is the empty string. */
typedef struct mt_str {
  const char* data;
  size_t size;
} mt_str;

typedef struct mt_header {
  mt_str name; /* any case */
  mt_str value;
} mt_header;

/* ---- requests and replies -------------------------------------------------------------------- */

/* mt_request.flags: repeating the request has no further effect, so the host may send it again
 * after an answer that never came. Without it the host repeats only what was certainly not sent,
 * and 429/529. */
#define MT_REPEATABLE 1u

/* One HTTP request that the operation wants sent. The host adds authorisation. Borrowed by the host
 * until the next resume() or end() of the operation. */
typedef struct mt_request {
  size_t size;
  mt_str origin; /* a name from the manifest's "origins", e.g. "api" */
  mt_str method; /* GET POST PUT PATCH DELETE */
  mt_str target; /* path and query, begins with '/', already percent-encoded */
  const mt_header* headers;
  size_t header_count;
  mt_str body;
  uint32_t flags; /* MT_REPEATABLE */
  /* Indexes into mt_call.writes that this request may carry out. The host journals them before it
   * sends: a write whose request is not named here is not covered after a crash. */
  const uint32_t* writes;
  size_t write_count;
  uint64_t priority; /* since 1.3 */
} mt_request;

/* mt_reply.flags: the request may have reached the service although no answer came back. */
#define MT_MAYBE_SENT 1u

/* What came back. `error` != 0: no usable answer (`message` says why; status is 0). A reply with a
 * status >= 400 has error 0: reading the service's error body is the connector's knowledge. The
 * host has already waited out rate limits and repeated what could be repeated. */
typedef struct mt_reply {
  size_t size;
  int32_t error;  /* MT_OK, MT_UNAVAILABLE, MT_CANCELLED, MT_TOO_LARGE, MT_UNAUTHENTICATED ... */
  uint32_t flags; /* MT_MAYBE_SENT */
  mt_str message;
  int32_t status;
  const mt_header* headers; /* names in lower case */
  size_t header_count;
  mt_str body;
  /* Since 1.2, both only with an error. */
  mt_str reason;
  int64_t retry_after_ms;
} mt_reply;

/* ---- what a connector reports ---------------------------------------------------------------- */

/* mt_item.state. ABSENT is said of an id that was asked for by get(); in a listing absence is what
 * a complete container does not name. */
enum { MT_PRESENT = 0, MT_DELETED = 1, MT_ABSENT = 2, MT_OUT_OF_SCOPE = 3 };

/* A thing as the service holds it. */
typedef struct mt_item {
  size_t size;
  int32_t state;
  mt_str kind;       /* "event" "todo" "row" "page" "section" "database" or the plugin's own */
  mt_str id;         /* the service's id */
  mt_str key;        /* our key if the service gave it back, else empty */
  mt_str parent_id;  /* the container's id, empty for the target itself */
  mt_str version;    /* what a guarded write compares (ETag), else empty */
  mt_str fields;     /* JSON object in the kind's vocabulary */
  mt_str memo;       /* up to 4 KiB that the host keeps for the connector beside the pair */
  mt_str url;        /* where a person can look at it, or empty */
  mt_str series;     /* id of the recurring item this one belongs to, or empty */
  mt_str slot;       /* original start within the series, as docs/kinds.md spells it, or empty */
  uint32_t ordinal;  /* position in its container, from 0, in listings */
  int64_t edited_ms; /* last edit as the service says, 0 if unknown */
  mt_str flavour;    /* since 1.3 */
} mt_item;

/* mt_outcome.result */
enum {
  MT_DONE = 0,               /* carried out; id, version and fields are the service's own */
  MT_CREATED_ID_UNKNOWN = 1, /* exists at parent_id / ordinal; the service did not say its id */
  MT_FAILED = 2,             /* not carried out; code and message say why */
  MT_UNCERTAIN = 3,          /* may have been carried out */
  MT_NOT_ATTEMPTED = 4       /* nothing was sent for it */
};

/* What became of a write, one for each; one left out counts as UNCERTAIN if a request that names it
 * was sent, else as NOT_ATTEMPTED. Report as soon as known: the host commits at each step. */
typedef struct mt_outcome {
  size_t size;
  uint32_t write; /* index into mt_call.writes */
  int32_t result;
  int32_t code;   /* for FAILED and UNCERTAIN: MT_* */
  mt_str message; /* one line, no secrets */
  mt_str id;
  mt_str parent_id;
  mt_str version;
  mt_str fields; /* the service's own form after the write, or empty when it did not say */
  mt_str memo;
  mt_str url;
  uint32_t ordinal;
  uint32_t reserved; /* 0 */
  /* Since 1.2, for FAILED and UNCERTAIN. */
  mt_str reason;
  int64_t retry_after_ms;
  mt_str flavour; /* since 1.3 */
} mt_outcome;

/* A place the user may choose to work in (a parent page, a calendar, a database). */
typedef struct mt_target {
  size_t size;
  mt_str id;
  mt_str kind;
  mt_str title;
  mt_str url;
  uint32_t flags;    /* MT_TARGET_DEFAULT, MT_TARGET_READ_ONLY */
  uint32_t reserved; /* 0 */
  mt_str flavour;    /* since 1.3 */
} mt_target;
#define MT_TARGET_DEFAULT 1u
#define MT_TARGET_READ_ONLY 2u

/* What the service said of a channel that it opened (since 1.1). */
typedef struct mt_channel {
  size_t size;
  mt_str resource;    /* what closing it takes beside its id, up to 1 KiB, or empty */
  int64_t expires_ms; /* when it ends, 0 if the service did not say */
  mt_str flavour;     /* since 1.3 */
} mt_channel;

/* Where results go. Given by the host with begin(), valid until end(). Every function copies what
 * it is given before it returns. Call only inside begin() and resume(). */
typedef struct mt_sink {
  size_t size;
  void* context;
  void (*item)(void* context, const mt_item* item);
  void (*outcome)(void* context, const mt_outcome* outcome);
  void (*target)(void* context, const mt_target* target);
  /* All present children of this container were reported in this operation. Only then does absence
   * mean something. Empty id: the whole target. */
  void (*complete)(void* context, mt_str container_id);
  /* The cursor to pass to the next list(); up to 64 KiB, opaque to the host. */
  void (*cursor)(void* context, mt_str cursor);
  /* Who the grant belongs to: JSON
   * {"id","email"?,"name"?,"workspace_id"?,"workspace_name"?}. */
  void (*identity)(void* context, mt_str json);
  /* MT_ESTIMATE: how many requests the batch would take, if nothing has to be repeated. */
  void (*estimate)(void* context, uint32_t write_requests, uint32_t read_requests);
  /* MT_OPEN_CHANNEL: the channel is open. Once (since 1.1). */
  void (*channel)(void* context, const mt_channel* channel);
  void (*note)(void* context, mt_str text); /* since 1.3 */
} mt_sink;

/* ---- operations ------------------------------------------------------------------------------ */

/* mt_call.operation */
enum {
  MT_LIST = 1,  /* items of the target since `cursor`, or all; or the children of `container_id` */
  MT_GET = 2,   /* the items in `ids`, one by one */
  MT_WRITE = 3, /* a batch of writes */
  MT_FIND = 4,  /* items that carry one of our keys (`ids`), where the service can look up */
  MT_TARGETS = 5,     /* the places the user may choose */
  MT_MAKE_TARGET = 6, /* find or create the place called `title`; report it with sink->target */
  MT_IDENTITY = 7,    /* who the grant belongs to; asked through "mortise.identity/1" */
  MT_ESTIMATE = 8,    /* what MT_WRITE with the same `writes` would cost; sends nothing. What has to
                       * be made before, the target or a container, has an invented id */
  /* Since 1.1, asked through "mortise.channel/1": */
  MT_OPEN_CHANNEL = 9,  /* have the target's changes told to `channel_address` */
  MT_CLOSE_CHANNEL = 10 /* no longer; a channel that is gone already counts as closed */
};

/* In the body of a request of MT_OPEN_CHANNEL: the host puts the channel's secret here, which the
 * service sends along with each notification. The connector never sees it. (Since 1.1.) */
#define MT_CHANNEL_SECRET "${channel_secret}"

/* mt_write.action */
enum { MT_CREATE = 1, MT_UPDATE = 2, MT_REMOVE = 3, MT_MOVE = 4 };

/* One wanted change. Parents come before their children in a batch. */
typedef struct mt_write {
  size_t size;
  int32_t action;
  mt_str kind;
  mt_str key;            /* our stable key, e.g. "task:tsk_01h..." */
  mt_str id;             /* the service's id; empty for a create */
  mt_str parent_id;      /* id of the container, when known */
  mt_str parent_key;     /* key of the container, which may be created earlier in this batch */
  mt_str after_id;       /* sibling to stand after, when known; applied at creation only */
  mt_str after_key;      /* the same by key */
  mt_str fields;         /* JSON object: every mapped field */
  const mt_str* changed; /* for MT_UPDATE: the names of the fields to send, nothing else */
  size_t changed_count;
  mt_str if_version; /* guard: fail with MT_CONFLICT when the service holds another version */
  mt_str once_key;   /* the same for every attempt of the same creation: 32 lower-case hex digits */
  mt_str memo;       /* what the connector reported for this item, or empty */
  /* Since 1.1. Not empty: one occurrence of the recurring item that parent_id or parent_key names,
   * by its original start; spelled as mt_item.slot. A create changes the occurrence that the series
   * has there. */
  mt_str slot;
  /* Since 1.1. Not 0: the clocks of its zone change between its start and its end (kinds.md), and
   * it ends at this instant, in milliseconds since 1970 UTC: a wall clock then does not show its
   * start plus its duration. 0 if the host does not know the zone, too. */
  int64_t ends_ms;
  int64_t slot_ms;
  mt_str flavour; /* since 1.3 */
} mt_write;

/* What an operation is about. Borrowed for the time of begin(): copy what is needed later. */
typedef struct mt_call {
  size_t size;
  int32_t operation;
  int64_t now_ms;
  mt_str settings;  /* JSON object: the connector's settings with defaults filled in */
  mt_str target_id; /* where the connection works, as reported by sink->target */
  mt_str target_kind;
  mt_str container_id; /* MT_LIST: list only the children of this container; empty: all */
  mt_str container_kind;
  mt_str cursor;     /* MT_LIST: from an earlier listing; empty: everything */
  const mt_str* ids; /* MT_GET: ids. MT_FIND: keys */
  size_t id_count;
  const mt_write* const* writes; /* MT_WRITE */
  size_t write_count;
  mt_str title;       /* MT_MAKE_TARGET */
  mt_str once_key;    /* MT_MAKE_TARGET */
  mt_str token_reply; /* MT_IDENTITY: the token endpoint's answer, JSON, secret members removed */
  /* Since 1.1, for MT_OPEN_CHANNEL and MT_CLOSE_CHANNEL. */
  mt_str channel_id;          /* ours, unique: a UUID */
  mt_str channel_address;     /* the URL to notify */
  mt_str channel_resource;    /* MT_CLOSE_CHANNEL: as sink->channel reported it */
  int64_t channel_expires_ms; /* MT_OPEN_CHANNEL: the life asked for; 0: the service's choice */
  mt_str locale;              /* since 1.3 */
} mt_call;

/* mt_step.state */
enum { MT_STEP_DONE = 0, MT_STEP_SEND = 1, MT_STEP_FAILED = 2 };

/* What a step of an operation ended with. SEND: the host sends all requests (in this order, perhaps
 * overlapping) and calls resume() once with as many replies, in the same order. FAILED: the
 * operation as a whole could not go on; outcomes already reported stand. */
typedef struct mt_step {
  size_t size; /* set by the host: how much of the struct it reads */
  int32_t state;
  int32_t code;   /* for FAILED */
  mt_str message; /* for FAILED; valid until the next call on this operation */
  const mt_request* const* requests;
  size_t request_count;
  /* Since 1.2, for FAILED. Written only where MT_HAS says that the host reads them. */
  mt_str reason; /* valid as long as message */
  int64_t retry_after_ms;
  uint64_t progress_percent; /* since 1.3 */
} mt_step;

/* An operation under way; the connector defines it. */
typedef struct mt_operation mt_operation;

/* A connector instance: one per loaded plugin, serving every connection. */
typedef struct mt_connector {
  size_t size;
  void* self;
  void (*destroy)(void* self); /* [any worker] after every operation has ended */
  /* Starts an operation and runs its first step. Returns NULL only if memory ran out; else fills
   * *step. [any worker], CPU only, short. */
  mt_operation* (*begin)(void* self, const mt_call* call, const mt_sink* sink, mt_step* step);
  /* Hands in the replies to the last step's requests and runs the next step. Replies are borrowed
   * for the call. */
  void (*resume)(mt_operation* operation, const mt_reply* const* replies, size_t reply_count,
                 mt_step* step);
  /* Frees the operation, finished or abandoned half-way. */
  void (*end)(mt_operation* operation);
  /* An optional ability by name and revision, e.g. "mortise.identity/1"; NULL if not offered. The
   * struct it returns lives as long as the connector. */
  const void* (*ability)(void* self, const char* name);
  void (*warm_up)(void* self); /* since 1.3 */
} mt_connector;

/* What the host offers to a plugin; see services.h. Valid as long as the connector. */
typedef struct mt_host mt_host;

/* The one exported symbol. These fields are frozen for ever. */
typedef struct mt_plugin {
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t size;
  const char* id;      /* equals the manifest's id */
  const char* version; /* equals the manifest's version */
  /* Makes the connector. On failure returns NULL. The result is borrowed until its destroy(). */
  const mt_connector* (*create)(const mt_host* host);
} mt_plugin;

extern MT_EXPORT const mt_plugin mortise_plugin_entry;

#ifdef __cplusplus
}
#endif

#endif
