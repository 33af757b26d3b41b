/* Where what version 1.2 appended stands (LP64); the same promise as abi_1_0_layout.c. */
#include <mortise/abi.h>

#define STANDS(type, field, offset, bytes)                                                  \
  _Static_assert(offsetof(type, field) == (offset) && sizeof(((type*)0)->field) == (bytes), \
                 #type "." #field " has moved since 1.2")
#define ENDS(type, bytes) \
  _Static_assert(sizeof(type) >= (bytes) && (bytes) % 8 == 0, #type " ended in padding in 1.2")

STANDS(mt_reply, reason, 72, 16);
STANDS(mt_reply, retry_after_ms, 88, 8);
ENDS(mt_reply, 96);

STANDS(mt_outcome, reason, 144, 16);
STANDS(mt_outcome, retry_after_ms, 160, 8);
ENDS(mt_outcome, 168);

STANDS(mt_write, slot_ms, 232, 8);
ENDS(mt_write, 240);

STANDS(mt_step, reason, 48, 16);
STANDS(mt_step, retry_after_ms, 64, 8);
ENDS(mt_step, 72);
