-- What a plan becomes in Acme: a to-do per task. The host looks for it as scripts/mappings/acme.lua.
-- Kinds and their fields: docs/kinds.md; the language: docs/scripting.md.
return mapping {
  connector = "acme",
  says = "A to-do per task.",

  plan = function(plan) return todos(plan.tasks) end,

  fields = {
    todo = {
      when = function(task) return task.status ~= "cancelled" end,
      { task = "title",  item = "text" },
      { task = "status", item = "checked", via = checked },
    },
  },

  examples = {
    { task = { title = "Read" }, kind = "todo", want = { text = "Read", checked = false } },
    { task = { title = "Read", status = "cancelled" }, kind = "todo", want = "nothing" },
    { task = { title = "Read" }, kind = "todo", edited = { checked = true }, want = { status = "done" } },
    { plan = { title = "Swift" }, tasks = { { title = "Read" }, { title = "Build" } },
      want = { "todo task:t1", "todo task:t2" } },
  },
}
