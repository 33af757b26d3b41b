// What an edit leaves behind, whoever makes it (a connection by the API, a person by hand): edit
// times that climb to the page, and what webhooks tell of it.
#pragma once

#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {

/// A block's own content changed.
void content_edited(Model& model, Thing& block, const std::string& author);
/// Values of a page or row changed; `ids` are those of the properties.
void properties_edited(Model& model, Thing& page, const std::vector<std::string>& ids,
                       const std::string& author);
/// Something new stands under its parent. A block's children need no call of their own.
void added(Model& model, Thing& thing, const std::string& author);
/// Puts it into the trash or takes it out; nothing happens if it is there already.
void set_trashed(Model& model, Thing& thing, bool trashed, const std::string& author);
/// Locks or unlocks a page; nothing happens if it is so already.
void set_locked(Model& model, Thing& page, bool locked, const std::string& author);
/// Moves it under `new_parent` ("" for the top of the workspace), as its last child.
void move_under(Model& model, Thing& thing, const std::string& new_parent,
                const std::string& author);
/// Tells how a data source's schema differs from what it was.
void schema_edited(Model& model, const Thing& source, const Json& before,
                   const std::string& author);

}  // namespace mortise::simulators::notion
