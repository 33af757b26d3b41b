-- What a plan becomes in Google Calendar: an event per task that has a time or a day.
-- Kinds and their fields: docs/kinds.md; the language: docs/scripting.md.
local half_an_hour = 1800

local function is_timed(task) return task.schedule ~= nil and task.schedule.kind == "timed" end

-- Tasks without a schedule stand on their due day.
local function first_day(task) return task.schedule and task.schedule.start or task.due end

local function timed(task, changes)
  local schedule = is_timed(task) and task.schedule or { kind = "timed", zone = task.zone }
  return with(schedule, changes)
end

local function all_day(task, changes)
  local day = first_day(task) -- of an appointment that is just being made there is none yet
  local schedule = not is_timed(task) and task.schedule or { kind = "all_day", start = day and day:sub(1, 10) }
  return with(schedule, changes)
end

-- What stands below the notes, if nobody put it elsewhere. Edits of the notes come back, this part does not.
local function below_notes(task)
  local lines = {}
  if task.link then lines[#lines + 1] = "Link: " .. task.link end
  if task.meeting_link then lines[#lines + 1] = "Join: " .. task.meeting_link end
  return table.concat(lines, "\n")
end

local function holds(text, lines) return ("\n" .. text .. "\n"):find("\n" .. lines .. "\n", 1, true) ~= nil end

local function description(task)
  local below = below_notes(task)
  if below == "" or task.notes and holds(task.notes, below) then return task.notes end
  return task.notes and task.notes .. "\n\n" .. below or below
end

local function notes(text, task)
  local below = below_notes(task)
  if text == below then return { notes = none } end
  local above = text and below ~= "" and text:sub(1, -#below - 3) or ""
  if above ~= "" and text == above .. "\n\n" .. below and not holds(above, below) then return { notes = above } end
  return { notes = text or none } -- whoever wrote around those lines has them among the notes; without them it is refused
end

local function marked_title(task, here)
  return (task.status == "done" and here.settings.done_mark or "") .. task.title
end

-- A calendar has no "done": the mark before the title says it, and taking it away takes it back.
local function unmarked_title(title, task, here)
  local mark = here.settings.done_mark
  if mark ~= "" and title and title:sub(1, #mark) == mark then
    return { title = title:sub(#mark + 1), status = "done" }
  end
  return { title = title, status = task.status == "done" and mark ~= "" and "todo" or nil }
end

local function alerts(reminders, task, here)
  local list = {}
  for _, reminder in ipairs(reminders or {}) do
    list[#list + 1] = { method = reminder.method, minutes = reminder.minutes_before }
  end
  if #list == 0 and is_timed(task) then list[1] = { method = "popup", minutes = here.settings.reminder_minutes } end
  table.sort(list, function(a, b)
    if a.minutes ~= b.minutes then return a.minutes < b.minutes end
    return a.method < b.method
  end)
  return list
end

local function reminders(list)
  if not list or #list == 0 then return nil end -- "none at all" has no word in the app: dropped
  return each(list, function(alert) return { method = alert.method, minutes_before = alert.minutes } end)
end

local function participants(attendees)
  local list = each(attendees or {}, function(guest) return { email = guest.email:lower(), name = guest.name } end)
  table.sort(list, function(a, b) return a.email < b.email end)
  if #list > 0 then return list end
end

local function links(task, here)
  local list = {}
  if here.link_base then list[1] = { href = here.link_base .. "/?task=" .. task.id, title = here.plan.title or "Your plan" } end
  if task.link then list[#list + 1] = { href = task.link, title = "Resource" } end
  if #list > 0 then return list end
end

return mapping {
  connector = "google_calendar",
  says = "An event per task, at its time or on its day.",
  settings = {
    reminder_minutes = number { default = 30, min = 0, max = 40320, says = "The reminder of a timed task that has none, in minutes before." },
    done_mark = text { default = "✓ ", says = "What stands before the title of a finished task. Empty: nothing." },
    color = choice { "calendar", "lavender", "mediumseagreen", "purple", "salmon", "gold", "orangered", "deepskyblue",
                     "dimgray", "royalblue", "green", "red", default = "calendar", says = "The colour of tasks that have none." },
    conflicts = choice { "merge", "newest", "local", "remote", default = "merge",
                         says = "Who wins when both sides changed the same: field by field the newer, the newer side, the app, or the calendar." },
  },

  plan = function(plan) return events(plan.tasks) end,

  fields = {
    event = {
      recurs = true,  -- an occurrence that differs is an event of its own, with these fields
      when = function(task) return task.status ~= "cancelled" and first_day(task) ~= nil end,
      adopts = true,                  -- what people make in the calendar becomes an appointment
      alike = { "title", "start" },   -- equal in these: the same thing, linked instead of doubled
      together = { { "showWithoutTime", "start", "timeZone", "duration" } },
      { item = "title", to_item = marked_title, to_task = unmarked_title },
      { item = "description", to_item = description, to_task = notes },
      -- The order matters on the way back: first whether it is all day, then when, then how long.
      { task = "schedule", item = "showWithoutTime",
        to_item = function(_, task) return not is_timed(task) or nil end,
        to_task = function(is_day, task) return is_day and all_day(task, {}) or timed(task, {}) end },
      { task = "schedule", item = "start",
        to_item = function(_, task) return first_day(task) end,
        to_task = function(start, task)
          if #start > 10 then return timed(task, { start = times.in_zone(start, task.zone) }) end
          local days = task.schedule and task.schedule["end"] and times.days(first_day(task):sub(1, 10), task.schedule["end"]) or 1
          return all_day(task, { start = start, ["end"] = days > 1 and times.add_days(start, days) or none })
        end },
      { task = "schedule", item = "timeZone",
        to_item = function(_, task) return is_timed(task) and task.schedule.zone or nil end,
        to_task = function(zone, task) return zone and timed(task, { zone = zone }) or nil end },
      { item = "duration",
        to_item = function(task)
          if is_timed(task) then return times.duration(task.duration_s or half_an_hour) end
          local last = task.schedule and task.schedule["end"]
          return times.day_duration(last and math.max(1, times.days(task.schedule.start, last)) or 1)
        end,
        to_task = function(duration, task)
          local seconds = times.seconds(duration)
          if is_timed(task) then return { duration_s = seconds } end
          local days = seconds // 86400
          return { schedule = all_day(task, { ["end"] = days > 1 and times.add_days(first_day(task), days) or none }) }
        end },
      { task = "location",   item = "location" },
      { task = "reminders",  item = "alerts", to_item = alerts, to_task = reminders },
      { task = "attendees",  item = "participants", to_item = participants, to_task = function(list) return list or none end },
      { task = "color",      item = "color",
        to_item = function(color, _, here) return color or here.settings.color ~= "calendar" and here.settings.color or nil end,
        to_task = function(color) return color or none end },
      { task = "recurrence", item = "recurrence" },
      { item = "links", to_item = links },
    },
  },

  examples = {
    { task = { title = "Install Xcode", duration_s = 5760, link = "https://example.org/1", notes = "From the store.",
               schedule = { kind = "timed", start = "2026-11-23T18:00:00", zone = "Europe/Madrid" } }, kind = "event",
      want = { title = "Install Xcode", start = "2026-11-23T18:00:00", timeZone = "Europe/Madrid", duration = "PT1H36M",
               showWithoutTime = none, description = "From the store.\n\nLink: https://example.org/1",
               alerts = { { method = "popup", minutes = 30 } }, links = { { href = "https://example.org/1", title = "Resource" } },
               color = none, location = none, participants = none, recurrence = none } },
    -- a time that the clocks skip is the one an hour later
    { task = { title = "Early", schedule = { kind = "timed", start = "2027-03-28T02:30:00", zone = "Europe/Madrid" } }, kind = "event",
      want = { start = "2027-03-28T03:30:00", duration = "PT30M" } },
    { task = { title = "Read", due = "2026-11-24", status = "done", color = "green" }, kind = "event",
      want = { title = "✓ Read", start = "2026-11-24", showWithoutTime = true, duration = "P1D", timeZone = none,
               alerts = {}, color = "green" } },
    { task = { title = "Read" }, kind = "event", want = "nothing" },
    { task = { title = "Read", due = "2026-11-24", status = "cancelled" }, kind = "event", want = "nothing" },
    { task = { title = "Meet", location = "Room 1", schedule = { kind = "timed", start = "2026-11-23T18:00:00" },
               attendees = { { email = "Zoe@example.org" }, { email = "ann@example.org", name = "Ann" } },
               reminders = { { method = "email", minutes_before = 60 }, { method = "popup", minutes_before = 10 } } },
      plan = { title = "Talks", zone = "America/New_York" }, kind = "event", link_base = "https://plans.example.org",
      want = { timeZone = "America/New_York", duration = "PT30M", location = "Room 1",
               alerts = { { method = "popup", minutes = 10 }, { method = "email", minutes = 60 } },
               participants = { { email = "ann@example.org", name = "Ann" }, { email = "zoe@example.org" } },
               links = { { href = "https://plans.example.org/?task=t1", title = "Talks" } } } },
    { task = { title = "Read", due = "2026-11-24" }, kind = "event", edited = { title = "✓ Read it" }, want = { title = "Read it", status = "done" } },
    { task = { title = "Read", due = "2026-11-24", status = "done" }, kind = "event", edited = { title = "Read" }, want = { title = "Read", status = "todo" } },
    { task = { title = "Read", due = "2026-11-24", status = "doing" }, kind = "event", edited = { title = "Reread" }, want = { title = "Reread", status = none } },
    { task = { title = "Read", duration_s = 3600, schedule = { kind = "timed", start = "2026-11-23T18:00:00", zone = "Europe/Madrid" } }, kind = "event",
      edited = { start = "2026-11-24T09:30:00", duration = "PT45M" },
      want = { schedule = { kind = "timed", start = "2026-11-24T09:30:00", zone = "Europe/Madrid" }, duration_s = 2700 } },
    { task = { title = "Read", duration_s = 3600, schedule = { kind = "timed", start = "2026-11-23T18:00:00", zone = "Europe/Madrid" } }, kind = "event",
      edited = { start = "2026-11-24", showWithoutTime = true, duration = "P2D", timeZone = none },
      want = { schedule = { kind = "all_day", start = "2026-11-24", ["end"] = "2026-11-26" } } },
    { task = { title = "Read", due = "2026-11-24" }, kind = "event",
      edited = { start = "2026-11-24T09:30:00", showWithoutTime = none, timeZone = "Europe/Paris", duration = "PT1H" },
      want = { schedule = { kind = "timed", start = "2026-11-24T09:30:00", zone = "Europe/Paris" }, duration_s = 3600 } },
    { task = { title = "New there" }, kind = "event", edited = { start = "2026-12-01", showWithoutTime = true, duration = "P1D" },
      want = { schedule = { kind = "all_day", start = "2026-12-01" } } },
    { task = { title = "New there" }, kind = "event",
      edited = { start = "2026-12-01T10:00:00", timeZone = "Europe/Madrid", duration = "PT1H" },
      want = { schedule = { kind = "timed", start = "2026-12-01T10:00:00", zone = "Europe/Madrid" }, duration_s = 3600 } },
    { task = { title = "Read", due = "2026-11-24", notes = "Old.", link = "https://example.org/1" }, kind = "event",
      edited = { description = "New.\n\nLink: https://example.org/1" }, want = { notes = "New.", link = none } },
    { task = { title = "Read", due = "2026-11-24", notes = "Old.", link = "https://example.org/1" }, kind = "event",
      edited = { description = "Old.\n\nLink: https://example.org/1\n\nBring laptop" },
      want = { notes = "Old.\n\nLink: https://example.org/1\n\nBring laptop" } },
    { task = { title = "Read", due = "2026-11-24", notes = "Old.\n\nLink: https://example.org/1\n\nBring laptop", link = "https://example.org/1" },
      kind = "event", want = { description = "Old.\n\nLink: https://example.org/1\n\nBring laptop" } },
    { task = { title = "Meet", due = "2026-11-24", link = "https://example.org/1" }, kind = "event",
      edited = { description = "All new." }, want = "lossy_mapping" },
    { task = { title = "Meet", schedule = { kind = "timed", start = "2026-11-23T18:00:00" } }, kind = "event",
      edited = { title = "Met", alerts = {} }, want = { title = "Met", reminders = none }, dropped = { "alerts" } },
    { task = { title = "Swim", duration_s = 3600, schedule = { kind = "timed", start = "2026-11-23T18:00:00", zone = "Europe/Madrid" },
               recurrence = { "RRULE:FREQ=WEEKLY;UNTIL=20261231" } }, kind = "event",
      want = { start = "2026-11-23T18:00:00", recurrence = { "RRULE:FREQ=WEEKLY;UNTIL=20261231T225959Z" } } },
    { task = { title = "Swim", duration_s = 3600, schedule = { kind = "timed", start = "2026-11-23T18:00:00", zone = "Europe/Madrid" },
               recurrence = { "RRULE:FREQ=WEEKLY" }, overrides = {
                 { slot = "2026-11-30T18:00:00", changes = { title = "Dive", schedule = { start = "2026-12-01T09:00:00" } } } } },
      slot = "2026-11-30T18:00:00", kind = "event",
      want = { title = "Dive", start = "2026-12-01T09:00:00", timeZone = "Europe/Madrid", recurrence = none, status = none } },
    { task = { title = "Swim", schedule = { kind = "all_day", start = "2026-11-23" }, recurrence = { "RRULE:FREQ=WEEKLY" },
               overrides = { { slot = "2026-11-30", cancelled = true, changes = { title = "Dive" } } } },
      slot = "2026-11-30", kind = "event", want = { status = "cancelled", title = none, start = none } },
    { task = { title = "Swim", schedule = { kind = "all_day", start = "2026-11-23" }, recurrence = { "RRULE:FREQ=WEEKLY" } },
      slot = "2026-11-30", kind = "event", edited = { start = "2026-12-01" },
      want = { schedule = { kind = "all_day", start = "2026-12-01" } } },
    { plan = { title = "Swift" },
      tasks = { { title = "Swim", due = "2026-11-23", recurrence = { "RRULE:FREQ=DAILY" },
                  overrides = { { slot = "2026-11-24", changes = { title = "Dive" } }, { slot = "2026-11-25", cancelled = true } } },
                { title = "Read", due = "2026-11-24" } },
      want = { "event task:t1", "event task:t1/2026-11-24 in task:t1", "event task:t1/2026-11-25 in task:t1", "event task:t2" } },
    { plan = { title = "Swift", modules = { { title = "Basics", weeks = { { milestone = "First steps" } } } } },
      tasks = { { title = "Install Xcode", week = 1, due = "2026-11-24" }, { title = "Some day" } },
      want = { "event task:t1" } },
  },
}
