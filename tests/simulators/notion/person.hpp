// What a person does in the simulated Notion: the same edits whether clicked on a page or sent to
// /control/notion. They are made as the owner of the workspace, who is their author.
//
// POST /control/notion/<action>; `id` names the page, block, database or data source:
//   rename           {id, title}         a to-do, heading, toggle, page, row, database, data source
//   tick             {id, checked}       a to-do, or a row: its first checkbox, else its status
//   set              {id, property, value}  a value as it is typed: "Done", "2026-12-01",
//                                        "2026-12-01/2026-12-03", "a, b", 12.5; null clears
//   write            {id, properties}    the same as a PATCH of the page: also icon, is_locked ...
//   add_to_do        {id: page or block, text, checked, after | first}
//   add_row          {id: data source or database, title, values: {property: as typed}}
//   append           {id, children, position}      as a PATCH of the block's children
//   create_page      {id: parent, properties, children ...}  as a POST of a page
//   trash, restore   {id}
//   move             {id, parent, after | first}   drags it; ids stay, of a row's values the title
//   rename_property  {id: data source or database, property, name}
//   remove_property  {id, property}
//   schema           {id, properties}    as a PATCH of the data source
//   unshare, share   {id}                takes it and all below it away from the connections (it
//                                        looks gone: 404), gives it back
// Each answers {id, page, before, after}: what changed or was made, the page it is on (whose edit
// time moved), and the object as the API showed it before (null if it is new) and shows it now.
//   find             {user, text, object, trashed, whole}  what there is: {results: [{id, object,
//                                        type, text, parent, page}]}, oldest first; whole: with the
//                                        object as the API shows it, as `shown`
//   share            {user, pages}       all that this person's connections see; none: everything
//   plan             {user, block_limit} the blocks of a free plan; 0: no limit
#pragma once

#include <span>

#include "simulators/notion/model.hpp"

namespace mortise::simulators::notion {

/// Any of the above. May throw Refusal.
Response control(Model& model, std::string_view action, const Json& body);

/// One edit on its way: what is edited, with what, by whom.
struct Edit {
  Model& model;
  Thing& thing;
  const Json& body;
  std::string author;
};
/// Answers the id of what it changed or made. May throw Refusal.
struct PersonAction {
  std::string_view name;
  std::string (*run)(Edit&);
};
std::span<const PersonAction> person_actions();

/// By an id in a body; throws Refusal if there is nothing of that id.
Thing& find_thing(Model& model, const Json& id);

}  // namespace mortise::simulators::notion
