-- What a plan becomes in Notion. Kinds and their fields: docs/kinds.md; the language: docs/scripting.md.
local help = {
  "This page is kept in step with your plan: what you change in the app arrives here by itself.",
  "Tasks come from the app; notes that you write beside them are yours and stay.",
  "If it stops: open the app, look at the Notion card, and press Retry or Connect Notion again.",
}

local statuses = lookup { todo = "Not started", doing = "In progress", done = "Done", cancelled = "Cancelled" }

local columns = {
  { name = "Task", type = "title" },
  { name = "Due Date", type = "date" },
  { name = "Status", type = "status", options = { "Not started", "In progress", "Done", "Cancelled" } },
  { name = "Resource Link", type = "url" },
  { name = "Duration", type = "number" }, -- minutes
  { name = "Order", type = "number" },    -- sort by it for the order of the plan
}

local function spoken(seconds) -- 5760 -> "1 h 36 min"
  local total = (seconds + 59) // 60
  local hours, minutes = total // 60, total % 60
  if hours == 0 then return ("%d min"):format(minutes) end
  if minutes == 0 then return ("%d h"):format(hours) end
  return ("%d h %d min"):format(hours, minutes)
end

local function small_print(task)
  local parts = {}
  if task.duration_s then parts[#parts + 1] = spoken(task.duration_s) end
  if task.due then parts[#parts + 1] = "due " .. task.due end
  if #parts > 0 then return table.concat(parts, " · ") end
end

local function week_title(week)
  if not week.milestone then return ("Week %d"):format(week.number) end
  return ("Week %d: %s"):format(week.number, week.milestone)
end

return mapping {
  connector = "notion",
  says = "A page per module with a list per week, or one table with a row per task.",
  settings = {
    layout = choice { "pages", "database", default = "pages", says = "How a plan looks in Notion." },
    conflicts = choice { "merge", "newest", "local", "remote", default = "merge",
                         says = "Who wins when both sides changed the same: field by field the newer, the newer side, the app, or Notion." },
    icon = text { default = "🎯", says = "The emoji before the title of the plan." },
  },

  plan = function(plan, settings)
    local icon = settings.icon ~= "" and settings.icon or nil
    if settings.layout == "database" then
      return page { key = plan.key, title = plan.title, icon = icon, help = help, children = {
        database { key = "table:" .. plan.id, title = "Tasks", columns = columns, rows = plan.tasks },
      } }
    end
    return page { key = plan.key, title = plan.title, icon = icon, help = help, todos = plan.other_tasks,
      children = each(plan.modules, function(module)
        return page { key = module.key, title = module.title,
          children = each(module.weeks, function(week)
            return section { key = week.key, title = week_title(week), todos = week.tasks }
          end) }
      end) }
  end,

  fields = {
    row = {
      { task = "title",      item = "Task" },
      { task = "due",        item = "Due Date", via = day, lossy = true }, -- a due day: a time or an end stays there
      { task = "status",     item = "Status", via = statuses },
      { task = "link",       item = "Resource Link" },
      { task = "duration_s", item = "Duration", via = minutes },
      { item = "Order",      to_item = "position" },
    },
    todo = {
      { task = "title",  item = "text" },
      { task = "status", item = "checked", via = checked }, -- lossy: unticking keeps doing and cancelled
      { task = "link",   item = "link" },
      { item = "detail", to_item = small_print },
    },
  },

  examples = {
    { task = { title = "Install Xcode", due = "2026-11-23", duration_s = 5760, link = "https://example.org/1" }, kind = "row",
      want = { Task = "Install Xcode", ["Due Date"] = { start = "2026-11-23" }, Status = "Not started",
               ["Resource Link"] = "https://example.org/1", Duration = 96, Order = 0 } },
    { task = { title = "Install Xcode", due = "2026-11-23", duration_s = 5760 }, kind = "todo",
      want = { text = "Install Xcode", checked = false, detail = "1 h 36 min · due 2026-11-23", link = none } },
    { task = { title = "Read" }, kind = "todo", want = { text = "Read", detail = none } },
    { task = { title = "Read" }, kind = "todo", edited = { checked = true }, want = { status = "done" } },
    { task = { title = "Read", status = "doing" }, kind = "todo", edited = { checked = false }, want = { status = "doing" } },
    { task = { title = "Read", status = "done" }, kind = "todo", edited = { checked = false }, want = { status = "todo" } },
    { task = { title = "Read" }, kind = "row", edited = { Status = "Cancelled", ["Due Date"] = { start = "2026-12-01" } },
      want = { status = "cancelled", due = "2026-12-01" } },
    { plan = { title = "Swift", modules = { { title = "Basics", weeks = { { milestone = "First steps" } } } } },
      tasks = { { title = "Install Xcode", week = 1 }, { title = "Ask a friend" } },
      want = { "page plan:p1", "page module:m1 in plan:p1", "section week:w1 in module:m1",
               "todo task:t1 in week:w1", "todo task:t2 in plan:p1" } },
    { plan = { title = "Swift" }, tasks = { { title = "Install Xcode" } }, settings = { layout = "database" },
      want = { "page plan:p1", "database table:p1 in plan:p1", "row task:t1 in table:p1" } },
    { task = { title = "Read", duration_s = 7170 }, kind = "todo", want = { text = "Read", detail = "2 h" } },
    { task = { title = "Read", due = "2026-11-23" }, kind = "row",
      edited = { ["Due Date"] = { start = "2026-12-01T00:30:00+01:00" } }, want = { due = "2026-12-01" } },
    { task = { title = "Read", due = "2026-11-23" }, kind = "row",
      edited = { ["Due Date"] = { start = "2026-12-01", ["end"] = "2026-12-04" } }, want = { due = "2026-12-01" } },
  },
}
