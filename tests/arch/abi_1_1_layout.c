/* Where what version 1.1 appended stands (LP64); the same promise as abi_1_0_layout.c. */
#include <mortise/services.h>

#define STANDS(type, field, offset, bytes)                                                  \
  _Static_assert(offsetof(type, field) == (offset) && sizeof(((type*)0)->field) == (bytes), \
                 #type "." #field " has moved since 1.1")
#define ENDS(type, bytes) \
  _Static_assert(sizeof(type) >= (bytes) && (bytes) % 8 == 0, #type " ended in padding in 1.1")

STANDS(mt_channel, size, 0, 8);
STANDS(mt_channel, resource, 8, 16);
STANDS(mt_channel, expires_ms, 24, 8);
ENDS(mt_channel, 32);

STANDS(mt_sink, channel, 72, 8);
ENDS(mt_sink, 80);

STANDS(mt_write, slot, 208, 16);
ENDS(mt_write, 224);

STANDS(mt_call, channel_id, 200, 16);
STANDS(mt_call, channel_address, 216, 16);
STANDS(mt_call, channel_resource, 232, 16);
STANDS(mt_call, channel_expires_ms, 248, 8);
ENDS(mt_call, 256);

STANDS(mt_channels, size, 0, 8);
STANDS(mt_channels, begin, 8, 8);
ENDS(mt_channels, 16);
