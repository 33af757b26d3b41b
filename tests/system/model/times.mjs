// Local times, zones and days, by the zone data of Node: a second opinion to the host's.
const kDay = 86_400_000;
const formats = new Map();

/** What a clock in `zone` shows at an instant: "2026-11-23T18:00:00". */
export function onTheWall(instant, zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }));
  }
  return formats.get(zone).format(instant).replace(' ', 'T');
}

const offset = (instant, zone) => Date.parse(`${onTheWall(instant, zone)}Z`) - Math.floor(instant / 1000) * 1000;

/** The instant of a local time: what does not exist is shifted forward, of two the first. */
export function instantOf(local, zone) {
  const wall = Date.parse(`${local}Z`);
  const before = wall - offset(wall - kDay, zone);
  const after = wall - offset(wall + kDay, zone);
  const exists = [before, after].filter((each) => onTheWall(each, zone) === local);
  return exists.length > 0 ? Math.min(...exists) : before;
}

export const dayAfter = (day, days) => new Date(Date.parse(`${day}T00:00:00Z`) + days * kDay).toISOString().slice(0, 10);
export const daysBetween = (from, to) => Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / kDay);

export const zones = ['Europe/Madrid', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'];

/** The days of the next 300 around which the clocks of a zone change. */
function changesOf(zone, today) {
  const noon = (day) => offset(Date.parse(`${day}T12:00:00Z`), zone);
  const days = Array.from({ length: 300 }, (_, i) => dayAfter(today, i + 1));
  return days.filter((day) => noon(day) !== noon(dayAfter(day, -1)));
}

/** All days that are said are counted from this one. */
export const today = process.env.MORTISE_MODEL_DAY ?? new Date().toISOString().slice(0, 10);
const changes = new Map(zones.map((zone) => [zone, changesOf(zone, today)]));

/** A time that nobody had before: often on a day, and at an hour, at which clocks change. `exists`: not one that they skip. */
export function aTime(dice, serial, exists = false) {
  const zone = dice.pick(zones);
  const days = changes.get(zone);
  const special = days.length > 0 && dice.chance(0.3);
  const day = special ? dice.pick(days) : dayAfter(today, dice.between(2, 300));
  const hour = special ? dice.between(0, 4) : dice.between(6, 21);
  const pad = (value) => String(value).padStart(2, '0');
  // The minute is the serial's: two edits never mean the same.
  const start = `${day}T${pad(hour)}:${pad(serial % 60)}:00`;
  return { start: exists ? onTheWall(instantOf(start, zone), zone) : start, zone };
}

export const aDay = (dice) => dayAfter(today, dice.between(2, 300));
