---@meta mortise
-- The script API of Mortise, for editors (LuaLS annotations). The guide is docs/scripting.md.

---@class (exact) Allow
---@field cost? 0|1 1: it counts as an export of the month
---@class Deny
---@alias Answer Allow|Deny

---@class Ask
---@field action "export.start"|"outside_progress"
---@field account? string
---@field tier string one of the policy's tiers
---@field trigger? "user"|"change"|"schedule"|"reconnect"|"notification"
---@field connector? string

---@class Used
---@field exports_this_month integer

---@class PolicyExample
---@field ask table
---@field used? Used
---@field want string "allow" or the reason of the denial
---@field cost? 0|1

---@class Policy
---@field tiers table<string, table<string, number|boolean|string>>
---@field default string
---@field says? string
---@field examples PolicyExample[]
---@field outside_progress? fun(ask: Ask, tier: table, used: Used): Answer

---@param description Policy
---@return Policy
function policy(description) end

---@param answer? Allow
---@return Answer
function allow(answer) end

---@param reason string one word for programs, such as quota_exceeded
---@param format string a sentence for people, as string.format takes it
---@param ... any
---@return Answer
function deny(reason, format, ...) end

--- Greater than every number.
---@type number
unlimited = nil

--- "No value here", where nil would mean "nothing said".
---@type any
none = nil

---@class Setting

---@param description { [integer]: string, default: string, says?: string }
---@return Setting
function choice(description) end
---@param description { default: string, says?: string }
---@return Setting
function text(description) end
---@param description { default: integer, min?: integer, max?: integer, says?: string }
---@return Setting
function number(description) end
---@param description { default: boolean, says?: string }
---@return Setting
function flag(description) end

---@class Tasks handles: tasks are mapped one at a time by `fields`
---@field count integer

---@class Week
---@field id string
---@field key string
---@field number integer
---@field milestone? string
---@field tasks Tasks

---@class Module
---@field id string
---@field key string
---@field title? string
---@field weeks Week[]

---@class Plan
---@field id string
---@field key string
---@field title? string
---@field topic? string
---@field skill_level? string
---@field weekly_time_s? integer
---@field start? string
---@field deadline? string
---@field learning_style? string
---@field zone? string
---@field external_id? string
---@field modules Module[]
---@field tasks Tasks
---@field other_tasks Tasks tasks in no week

---@class Schedule
---@field kind "timed"|"all_day"
---@field start string "2026-11-23T18:00:00", or "2026-11-23" for all-day
---@field end? string all-day only, exclusive
---@field zone? string timed only

---@class Task
---@field id string
---@field key string
---@field title string
---@field notes? string
---@field link? string
---@field duration_s? integer
---@field due? string
---@field status "todo"|"doing"|"done"|"cancelled"
---@field kind "task"|"session"|"appointment"
---@field position integer order within the plan
---@field zone string the zone that counts
---@field schedule? Schedule
---@field reminders? { method: "popup"|"email", minutes_before: integer }[]
---@field recurrence? string[]
---@field location? string
---@field attendees? { email: string, name?: string }[]
---@field meeting_link? string
---@field color? string
---@field external_id? string
---@field extra? table
---@field week? { number: integer, milestone?: string, module?: string }

---@class Here what is around a task
---@field settings table<string, any>
---@field plan Plan without modules and tasks
---@field account { zone?: string, locale?: string }
---@field zone string
---@field link_base? string where a link back leads

---@class Node
---@class Column
---@field name string
---@field type "title"|"text"|"date"|"status"|"select"|"url"|"number"|"checkbox"
---@field options? string[]

---@param node { key: string, title?: string, icon?: string, help?: string[], children?: Node|Node[], todos?: Tasks }
---@return Node
function page(node) end
---@param node { key: string, title?: string, children?: Node|Node[], todos?: Tasks }
---@return Node
function section(node) end
---@param node { key: string, title?: string, icon?: string, help?: string[], columns: Column[], rows?: Tasks }
---@return Node
function database(node) end
---@param tasks Tasks
---@return Node
function todos(tasks) end
---@param tasks Tasks
---@return Node
function rows(tasks) end
---@param tasks Tasks
---@return Node
function events(tasks) end

---@generic T, R
---@param list T[]
---@param make fun(element: T, number: integer): R?
---@return R[]
function each(list, make) end

---@generic T
---@param original? T
---@param changes table a value of `none` takes the field out
---@return T
function with(original, changes) end

---@class Transform

---@class Line
---@field task? string
---@field item string
---@field via? Transform
---@field to_item? string|function (task, here), or (value, task, here) on a line with `task`
---@field to_task? fun(value: any, task: Task, here: Here): any
---@field lossy? boolean the task keeps a part of what is written there, and the rest stays there

--- The lines of one kind, and beside them how its two directions meet.
---@class Kind
---@field [integer] Line
---@field when? fun(task: Task, here: Here): boolean whether the task becomes an item at all
---@field recurs? boolean only of `event`: edited occurrences of a recurring task become items, too
---@field adopts? boolean what people make at the service becomes an appointment
---@field alike? string[] item fields: something equal in all of them is linked to the task, not doubled
---@field together? string[][] item fields that make sense only together: one conflict

---@class MappingDescription
---@field connector string
---@field says? string
---@field settings? table<string, Setting>
---@field plan fun(plan: Plan, settings: table, here: Here): Node|Node[]
---@field fields { event?: Kind, row?: Kind, todo?: Kind }
---@field resolve? fun(field: string, base: any, here: any, there: any): any both sides changed a field: what both shall have (values in the item's form, `none` for no value), or nil: the setting `conflicts` decides
---@field examples table[]

---@param description MappingDescription
---@return MappingDescription
function mapping(description) end

---@param words table<string|integer|boolean, string|integer|boolean>
---@return Transform
function lookup(words) end
---@param separator string
---@return Transform
function join(separator) end
---@type Transform a status as a check box
checked = nil
---@type Transform seconds as whole minutes
minutes = nil
---@type Transform a date as { start = date }
day = nil

times = {}
---@param start string local time
---@param seconds integer
---@param zone? string
---@return string
function times.add(start, seconds, zone) end
---@param from string local time
---@param to string local time
---@param zone? string
---@return integer seconds
function times.between(from, to, zone) end
---@param text string local time, or RFC 3339 with an offset
---@param zone string
---@return string local time in the zone
function times.in_zone(text, zone) end
---@param date string
---@param days integer
---@return string
function times.add_days(date, days) end
---@param from string
---@param to string
---@return integer
function times.days(from, to) end
---@param seconds integer
---@return string "PT1H36M"
function times.duration(seconds) end
---@param duration string
---@return integer seconds
function times.seconds(duration) end
---@param days integer
---@return string "P2D"
function times.day_duration(days) end
