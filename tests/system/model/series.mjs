// Recurring tasks, occurrence by occurrence: what the app says happens is what the calendar shows, and an edit of one
// occurrence is seen on both sides.
import { decide } from '../host.mjs';
import { client } from '../../simulators/clients/simulator.mjs';
import { eventOf, eventSeen, inCalendar, isTimed, kDoneMark } from './sides.mjs';
import { dayAfter, instantOf, today } from './times.mjs';

const atOnce = 200;
const kAhead = 1600;  // days that what has no end is compared
const horizon = `${dayAfter(today, kAhead + 100)}T00:00:00Z`;

/** An access token of the person's own at the simulated calendar: what a calendar app would look with. */
async function tokenOf(m) {
  const { url } = m.world.simulator;
  const back = 'http://127.0.0.1:9/';
  const asked = new URLSearchParams({ client_id: client.id, redirect_uri: back, response_type: 'code', scope: 'https://www.googleapis.com/auth/calendar.events' });
  const agreed = await decide(`${url}/o/oauth2/v2/auth?${asked}`, { user: m.person });
  const code = new URL(agreed.headers.get('location')).searchParams.get('code');
  const form = { grant_type: 'authorization_code', code, client_id: client.id, client_secret: client.secret, redirect_uri: back };
  const answer = await fetch(`${url}/token`, { method: 'POST', body: new URLSearchParams(form) });
  if (!answer.ok) throw new Error(`a token to look with: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).access_token;
}

/** What the calendar shows of all series, by the id of their event. */
export async function instancesThere(m) {
  const bySeries = new Map();
  for (let page = ''; page !== undefined;) {
    m.token ??= await tokenOf(m);
    const asked = new URLSearchParams({ singleEvents: true, maxResults: 2500, timeMax: horizon, ...(page && { pageToken: page }) });
    const answer = await fetch(`${m.world.simulator.url}/calendar/v3/calendars/primary/events?${asked}`, { headers: { authorization: `Bearer ${m.token}` } });
    if (answer.status === 401) {  // it has lived its hour
      m.token = undefined;
      continue;
    }
    const { items, nextPageToken } = await answer.json();
    for (const item of items.filter((each) => each.recurringEventId)) {
      bySeries.set(item.recurringEventId, [...(bySeries.get(item.recurringEventId) ?? []), item]);
    }
    page = nextPageToken;
  }
  return bySeries;
}

/** What the app says happens of a task, called-off occurrences included. */
export async function occurrencesHere(m, task) {
  const bySlot = new Map();
  for (let from = `${dayAfter(today, -60)}T00:00:00Z`; from;) {
    const { items } = await m.ok('GET', `/v1/tasks/${task.id}/occurrences?from=${from}&to=${horizon}&limit=${atOnce}`);
    for (const each of items) bySlot.set(each.slot, each);
    from = items.length === atOnce ? items.at(-1).start_at : null;
  }
  return [...bySlot.values()];
}

/** Which occurrence it is: its original start, as a day or an instant. */
export const whichHere = (task, slot) => (slot.length === 10 ? slot : instantOf(slot, task.schedule.zone ?? 'Europe/Madrid'));
export const whichThere = ({ originalStartTime: { date, dateTime } }) => date ?? Date.parse(dateTime);

const isNear = ({ which }) => new Date(which) < new Date(dayAfter(today, kAhead));
const byWhich = (list) => new Map(list.filter(isNear).map((each) => [each.which, JSON.stringify(each)]));

/** The first occurrence that is not the same on both sides, of any series that the calendar shows; null if there is none. */
export function compareSeries(m) {
  for (const task of m.tasks.filter((each) => each.recurrence?.length && inCalendar(each))) {
    const skip = (form) => (m.shape.tier === 'free' || m.unequal.google.has(task.id) ? { ...form, done: null } : form);
    const all = m.occurrences.get(task.id);
    const apart = all.find((each) => isTimed(each.task) && Date.parse(each.start_at) !== eventOf({ ...each.task, status: 'todo' }).start);
    if (apart) return `${task.id} happens at ${apart.start_at}, and should at ${JSON.stringify(apart.task.schedule)}`;
    const here = byWhich(all.filter((each) => !each.cancelled)
      .map((each) => ({ which: whichHere(task, each.slot), ...skip(eventOf(each.task)) })));
    const there = byWhich((m.instances.get(m.eventOf(task)?.id) ?? [])
      .map((each) => ({ which: whichThere(each), ...skip(eventSeen(each)) })));
    for (const which of new Set([...here.keys(), ...there.keys()])) {
      if (here.get(which) === there.get(which)) continue;
      const day = new Date(which).toISOString();
      return `"${task.title}" ${task.id} at ${day} here: ${here.get(which) ?? 'does not happen'} there: ${there.get(which) ?? 'does not happen'}`;
    }
  }
  return null;
}

/** What an edit of an occurrence made of it, as the app says it: called off or not, and the fields that it gave. */
function seenAs(occurrence, said) {
  if (!occurrence || said.cancelled || occurrence.cancelled) return { cancelled: !occurrence || occurrence.cancelled };
  const { task } = occurrence;
  const start = isTimed(task) ? Date.parse(occurrence.start_at) : task.schedule?.start ?? task.due;
  const all = { title: task.title, notes: task.notes ?? '', status: task.status, start, duration: task.duration_s ?? 1800 };  // half an hour, if nobody says
  return Object.fromEntries(Object.keys(said).map((field) => [field, all[field]]));
}

/** The occurrence of a series that it is, as the app says it. (The series may be in another zone now.) */
const occurrenceOf = (m, { id }, which) => m.occurrences.get(id)?.find((each) => whichHere(m.byId.get(id), each.slot) === which);

/** Whether an occurrence is as an edit of it says. */
export const isSo = (occurrence, said) => JSON.stringify(seenAs(occurrence, said)) === JSON.stringify(said);

const unticked = (title) => String(title).replace(kDoneMark, '');

/** Who edited a series alone is heard, whatever the policy, and no conflict is told. (That both sides show the same is compareSeries()'s.) */
export function checkLoneEdits(m, conflicts) {
  for (const [id, story] of m.ledger.stories) {
    if (story.sides.size !== 1 || story.removed.size > 0 || story.spreads) continue;
    // (A tick that the tier takes no notice of is told, once the series' new rule makes us look at the occurrence anew.)
    const onlyTick = ({ fields }) => m.shape.tier === 'free' && fields.every(({ field, here, there }) => field === 'title' && unticked(here) === unticked(there));
    const told = conflicts.find((each) => each.task_id === id && each.slot && !onlyTick(each));
    if (told) return `${[...story.sides]} alone edited "${story.task.title}" (${id}), and a conflict was told: ${JSON.stringify(told)}`;
    for (const edit of story.edits) {
      const { side, which, said, follows } = edit;
      if (follows && !m.tasks.some((task) => task.title === follows)) return `${side} went on with "${follows}" after "${story.task.title}" (${id}), and it is not there`;
      if (which === undefined) continue;
      const found = occurrenceOf(m, story.task, which);
      const seen = JSON.stringify(seenAs(found, said));
      if (seen !== JSON.stringify(said)) return `${side} alone edited the occurrence of ${new Date(which).toISOString()} of "${story.task.title}" (${id}): ${JSON.stringify(said)}, and it is ${seen}`;
    }
  }
  return null;
}

/**
 * Of what both sides made of occurrences of a series, each is so, or a conflict tells which occurrence it is about: two
 * occurrences are two items, and of one what only one side said stands beside what the other said.
 */
export function checkOccurrences(m, conflicts) {
  for (const [id, story] of m.ledger.stories) {
    if (story.sides.size < 2 || story.removed.size > 0 || story.spreads || story.edits.some((each) => each.follows)) continue;
    const aboutWhich = (which) => conflicts.some((each) => each.task_id === id && each.slot && whichHere(story.task, each.slot) === which);
    for (const { side, which, said } of story.edits.filter((each) => each.which !== undefined)) {
      const found = occurrenceOf(m, story.task, which);
      if (isSo(found, said)) continue;
      const seen = JSON.stringify(seenAs(found, said));
      const others = story.edits.filter((each) => each.side !== side);
      const says = `${side} edited the occurrence of ${new Date(which).toISOString()} of "${story.task.title}" (${id}): ${JSON.stringify(said)}, and it is ${seen}; others: ${JSON.stringify(others)}`;
      if (others.every((each) => each.which !== undefined && each.which !== which)) return `nobody else edited this one: ${says}`;
      if (!aboutWhich(which)) return `lost without a conflict: ${says}`;
    }
  }
  return null;
}

/** Where one side edits a whole series and the other one occurrence of it otherwise, it shows both: fields merge. */
export function checkBothHeard(m) {
  for (const [id, story] of m.ledger.stories) {
    const [one, two] = story.edits;
    if (story.sides.size !== 2 || story.edits.length !== 2 || story.removed.size > 0 || story.spreads) continue;
    const [whole, { which, said }] = two.which === undefined ? [two, one] : [one, two];
    if (!['title', 'notes'].includes(whole.field) || which === undefined || said.cancelled || Object.hasOwn(said, whole.field) || said.status) continue;
    if ((story.task.overrides ?? []).some((each) => whichHere(story.task, each.slot) === which)) continue;
    const wanted = { ...said, [whole.field]: whole.value };
    const found = occurrenceOf(m, story.task, which);
    const seen = JSON.stringify(seenAs(found, wanted));
    if (seen !== JSON.stringify(wanted)) return `the occurrence of ${new Date(which).toISOString()} of "${story.task.title}" (${id}) should have ${JSON.stringify(wanted)}, and it is ${seen}`;
  }
  return null;
}
