-- Who may do how much. Numbers first; code only where a number will not do.
-- Edits take effect without a restart; a mistake is reported and the last good version stays.
local tiers = {
  free    = { exports_per_month = 2,         outside_progress = false },
  starter = { exports_per_month = 10,        outside_progress = true },
  pro     = { exports_per_month = unlimited, outside_progress = true },
}

return policy {
  says = "Exports a month by tier; ticking outside counts as progress from starter on.",
  tiers = tiers,
  default = "free",

  -- What a person starts counts; retries, automatic syncs and previews do not.
  ["export.start"] = function(ask, tier, used)
    if ask.trigger ~= "user" then return allow { cost = 0 } end
    if used.exports_this_month >= tier.exports_per_month then
      return deny("quota_exceeded", "The %s tier includes %d exports a month.", ask.tier, tier.exports_per_month)
    end
    return allow { cost = 1 }
  end,

  examples = {
    { ask = { action = "export.start", tier = "free", trigger = "user" }, used = { exports_this_month = 1 }, want = "allow", cost = 1 },
    { ask = { action = "export.start", tier = "free", trigger = "user" }, used = { exports_this_month = 2 }, want = "quota_exceeded" },
    { ask = { action = "export.start", tier = "starter", trigger = "user" }, used = { exports_this_month = 9 }, want = "allow" },
    { ask = { action = "export.start", tier = "starter", trigger = "user" }, used = { exports_this_month = 10 }, want = "quota_exceeded" },
    { ask = { action = "export.start", tier = "pro", trigger = "user" }, used = { exports_this_month = 10000 }, want = "allow" },
    { ask = { action = "export.start", tier = "gold", trigger = "user" }, used = { exports_this_month = 2 }, want = "quota_exceeded" },
    { ask = { action = "export.start", tier = "free", trigger = "change" }, used = { exports_this_month = 2 }, want = "allow", cost = 0 },
    { ask = { action = "outside_progress", tier = "free" }, want = "not_in_tier" },
    { ask = { action = "outside_progress", tier = "starter" }, want = "allow" },
  },
}
