/* Where every field of the contract's version 1.0 stands (LP64). Fields may be appended and nothing
 * else may change: a line of this file that no longer holds breaks plugins that are already built.
 */
#include <mortise/services.h>

#define STANDS(type, field, offset, bytes)                                                  \
  _Static_assert(offsetof(type, field) == (offset) && sizeof(((type*)0)->field) == (bytes), \
                 #type "." #field " has moved since 1.0")
#define ENDS(type, bytes) \
  _Static_assert(sizeof(type) >= (bytes) && (bytes) % 8 == 0, #type " ended in padding in 1.0")

STANDS(mt_str, data, 0, 8);
STANDS(mt_str, size, 8, 8);
ENDS(mt_str, 16);

STANDS(mt_header, name, 0, 16);
STANDS(mt_header, value, 16, 16);
ENDS(mt_header, 32);

STANDS(mt_request, size, 0, 8);
STANDS(mt_request, origin, 8, 16);
STANDS(mt_request, method, 24, 16);
STANDS(mt_request, target, 40, 16);
STANDS(mt_request, headers, 56, 8);
STANDS(mt_request, header_count, 64, 8);
STANDS(mt_request, body, 72, 16);
STANDS(mt_request, flags, 88, 4);
STANDS(mt_request, writes, 96, 8);
STANDS(mt_request, write_count, 104, 8);
ENDS(mt_request, 112);

STANDS(mt_reply, size, 0, 8);
STANDS(mt_reply, error, 8, 4);
STANDS(mt_reply, flags, 12, 4);
STANDS(mt_reply, message, 16, 16);
STANDS(mt_reply, status, 32, 4);
STANDS(mt_reply, headers, 40, 8);
STANDS(mt_reply, header_count, 48, 8);
STANDS(mt_reply, body, 56, 16);
ENDS(mt_reply, 72);

STANDS(mt_item, size, 0, 8);
STANDS(mt_item, state, 8, 4);
STANDS(mt_item, kind, 16, 16);
STANDS(mt_item, id, 32, 16);
STANDS(mt_item, key, 48, 16);
STANDS(mt_item, parent_id, 64, 16);
STANDS(mt_item, version, 80, 16);
STANDS(mt_item, fields, 96, 16);
STANDS(mt_item, memo, 112, 16);
STANDS(mt_item, url, 128, 16);
STANDS(mt_item, series, 144, 16);
STANDS(mt_item, slot, 160, 16);
STANDS(mt_item, ordinal, 176, 4);
STANDS(mt_item, edited_ms, 184, 8);
ENDS(mt_item, 192);

STANDS(mt_outcome, size, 0, 8);
STANDS(mt_outcome, write, 8, 4);
STANDS(mt_outcome, result, 12, 4);
STANDS(mt_outcome, code, 16, 4);
STANDS(mt_outcome, message, 24, 16);
STANDS(mt_outcome, id, 40, 16);
STANDS(mt_outcome, parent_id, 56, 16);
STANDS(mt_outcome, version, 72, 16);
STANDS(mt_outcome, fields, 88, 16);
STANDS(mt_outcome, memo, 104, 16);
STANDS(mt_outcome, url, 120, 16);
STANDS(mt_outcome, ordinal, 136, 4);
STANDS(mt_outcome, reserved, 140, 4);
ENDS(mt_outcome, 144);

STANDS(mt_target, size, 0, 8);
STANDS(mt_target, id, 8, 16);
STANDS(mt_target, kind, 24, 16);
STANDS(mt_target, title, 40, 16);
STANDS(mt_target, url, 56, 16);
STANDS(mt_target, flags, 72, 4);
STANDS(mt_target, reserved, 76, 4);
ENDS(mt_target, 80);

STANDS(mt_sink, size, 0, 8);
STANDS(mt_sink, context, 8, 8);
STANDS(mt_sink, item, 16, 8);
STANDS(mt_sink, outcome, 24, 8);
STANDS(mt_sink, target, 32, 8);
STANDS(mt_sink, complete, 40, 8);
STANDS(mt_sink, cursor, 48, 8);
STANDS(mt_sink, identity, 56, 8);
STANDS(mt_sink, estimate, 64, 8);
ENDS(mt_sink, 72);

STANDS(mt_write, size, 0, 8);
STANDS(mt_write, action, 8, 4);
STANDS(mt_write, kind, 16, 16);
STANDS(mt_write, key, 32, 16);
STANDS(mt_write, id, 48, 16);
STANDS(mt_write, parent_id, 64, 16);
STANDS(mt_write, parent_key, 80, 16);
STANDS(mt_write, after_id, 96, 16);
STANDS(mt_write, after_key, 112, 16);
STANDS(mt_write, fields, 128, 16);
STANDS(mt_write, changed, 144, 8);
STANDS(mt_write, changed_count, 152, 8);
STANDS(mt_write, if_version, 160, 16);
STANDS(mt_write, once_key, 176, 16);
STANDS(mt_write, memo, 192, 16);
ENDS(mt_write, 208);

STANDS(mt_call, size, 0, 8);
STANDS(mt_call, operation, 8, 4);
STANDS(mt_call, now_ms, 16, 8);
STANDS(mt_call, settings, 24, 16);
STANDS(mt_call, target_id, 40, 16);
STANDS(mt_call, target_kind, 56, 16);
STANDS(mt_call, container_id, 72, 16);
STANDS(mt_call, container_kind, 88, 16);
STANDS(mt_call, cursor, 104, 16);
STANDS(mt_call, ids, 120, 8);
STANDS(mt_call, id_count, 128, 8);
STANDS(mt_call, writes, 136, 8);
STANDS(mt_call, write_count, 144, 8);
STANDS(mt_call, title, 152, 16);
STANDS(mt_call, once_key, 168, 16);
STANDS(mt_call, token_reply, 184, 16);
ENDS(mt_call, 200);

STANDS(mt_step, size, 0, 8);
STANDS(mt_step, state, 8, 4);
STANDS(mt_step, code, 12, 4);
STANDS(mt_step, message, 16, 16);
STANDS(mt_step, requests, 32, 8);
STANDS(mt_step, request_count, 40, 8);
ENDS(mt_step, 48);

STANDS(mt_connector, size, 0, 8);
STANDS(mt_connector, self, 8, 8);
STANDS(mt_connector, destroy, 16, 8);
STANDS(mt_connector, begin, 24, 8);
STANDS(mt_connector, resume, 32, 8);
STANDS(mt_connector, end, 40, 8);
STANDS(mt_connector, ability, 48, 8);
ENDS(mt_connector, 56);

STANDS(mt_plugin, abi_major, 0, 4);
STANDS(mt_plugin, abi_minor, 4, 4);
STANDS(mt_plugin, size, 8, 4);
STANDS(mt_plugin, id, 16, 8);
STANDS(mt_plugin, version, 24, 8);
STANDS(mt_plugin, create, 32, 8);
ENDS(mt_plugin, 40);

STANDS(mt_host, size, 0, 8);
STANDS(mt_host, context, 8, 8);
STANDS(mt_host, log, 16, 8);
STANDS(mt_host, service, 24, 8);
ENDS(mt_host, 32);

STANDS(mt_identity, size, 0, 8);
STANDS(mt_identity, begin, 8, 8);
ENDS(mt_identity, 16);
