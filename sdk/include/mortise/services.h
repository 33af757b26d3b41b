/* What the host offers to a plugin, and the optional abilities a connector may offer to the host.
 */
#ifndef MORTISE_SERVICES_H
#define MORTISE_SERVICES_H

#include <mortise/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* mt_host.log levels */
enum { MT_LOG_DEBUG = 0, MT_LOG_INFO = 1, MT_LOG_WARNING = 2, MT_LOG_ERROR = 3 };

struct mt_host {
  size_t size;
  void* context;
  /* One event, one line, no secrets, no bodies; `message` is borrowed for the call. A line is cut
   * at 1 KiB; of more than 100 in a minute the rest is left out. An unknown level counts as the
   * nearest. [any worker], also within create() and destroy(). */
  void (*log)(void* context, int32_t level, mt_str message);
  /* A further service by name and revision, or NULL. Reserved: this version offers none. [any
   * worker], also within create(). */
  const void* (*service)(void* context, const char* name);
};

/* "mortise.identity/1": after the token exchange the host asks who the grant belongs to. The call
 * has operation MT_IDENTITY and token_reply; the connector may send signed requests and reports
 * through sink->identity. resume() and end() of the connector go on with the operation. */
#define MT_ABILITY_IDENTITY "mortise.identity/1"
typedef struct mt_identity {
  size_t size;
  mt_operation* (*begin)(void* self, const mt_call* call, const mt_sink* sink, mt_step* step);
} mt_identity;

/* "mortise.channel/1": the service tells of changes by itself. The call has operation
 * MT_OPEN_CHANNEL or MT_CLOSE_CHANNEL and the fields channel_*; an opened channel is reported
 * through sink->channel. resume() and end() of the connector go on with the operation. */
#define MT_ABILITY_CHANNEL "mortise.channel/1"
typedef struct mt_channels {
  size_t size;
  mt_operation* (*begin)(void* self, const mt_call* call, const mt_sink* sink, mt_step* step);
} mt_channels;

#ifdef __cplusplus
}
#endif

#endif
