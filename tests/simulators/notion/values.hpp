// Reads what a client writes (rich text, icons, property values, schemas) and turns it into the
// form that Notion answers with. Every mistake is a Refusal whose message names the path, as
// Notion's do.
#pragma once

#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {

/// "body failed validation: <path> should be <what>, instead was `<given>`."
[[noreturn]] void bad(const std::string& path, const std::string& what, const Json& given);
/// As bad(), for a length above its bound.
void check_length(std::size_t length, std::size_t most, const std::string& path);
void check_object(const Json& json, const std::string& path);
void check_array(const Json& json, std::size_t most, const std::string& path);
/// Refuses keys of `json` that are not in `known`.
void check_keys(const Json& json, std::initializer_list<std::string_view> known,
                const std::string& path);
/// An id inside a body, normalised.
std::string read_id(const Json& json, const std::string& path);
bool read_bool(const Json& json, const std::string& path);
std::string read_color(const Json& json, const std::string& path);
Json read_url(const Json& json, const std::string& path);

Json read_rich_text(Model& model, const Json& json, const std::string& path);
Json read_icon(const Json& json, const std::string& path);
Json read_cover(const Json& json, const std::string& path);

/// One row value. `property` is the schema's entry; a new select option is added to it.
Json read_value(Model& model, Json& property, const Json& json, const std::string& path);
/// What a row has where nothing was written.
Json empty_value(const std::string& type);
/// A date in Notion's form: offsets instead of zone names.
Json read_date(const Json& json, const std::string& path);

/// One schema entry {id, name, description, type, <type>} from a request's configuration. For an
/// update `before` is the entry as it was (its options keep their ids), else null.
Json read_property(Model& model, const std::string& name, const Json& json, const Json* before,
                   const std::string& path);

}  // namespace mortise::simulators::notion
