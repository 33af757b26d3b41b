// What must be true when everybody is quiet.
import { verdict } from './ledger.mjs';
import { comparePlaces } from './places.mjs';
import { checkBothHeard, checkLoneEdits, checkOccurrences, compareSeries } from './series.mjs';
import { eventOf, eventSeen, inCalendar, isTimed, shownAt, thingOf, thingSeen, valueOf } from './sides.mjs';

/** An expectation that failed; any other error says nothing of the product. */
export class Wrong extends Error {}
export const fail = (what) => { throw new Wrong(what); };

/** The first differences of two lists of forms, with the id of the first task; null if they are equal. */
function difference(here, there, ids) {
  const sorted = (list) => list.map((each) => JSON.stringify(each)).sort();
  const [mine, theirs] = [sorted(here), sorted(there)];
  const missing = mine.filter((each) => !theirs.includes(each));
  const extra = theirs.filter((each) => !mine.includes(each));
  if (missing.length === 0 && extra.length === 0 && mine.length === theirs.length) return null;
  const twice = theirs.filter((each, i) => each === theirs[i + 1]);
  const first = JSON.parse(missing[0] ?? extra[0] ?? twice[0] ?? '{}').title;
  return `${ids.get(first)?.id ?? ''} here: ${missing.slice(0, 3).join(' ')} there: ${extra.slice(0, 3).join(' ')} twice there: ${twice.slice(0, 3).join(' ')} (${mine.length} and ${theirs.length})`;
}

/** Every task stands at each service as it is here, once, and nothing else does. Answers the difference. */
export function compare(member) {
  const { google, notion, shape, unequal } = member;
  if (google) {
    const skip = (form, task) => (shape.tier === 'free' || unequal.google.has(task.id) ? { ...form, done: null } : form);
    const byTitle = new Map(member.tasks.map((task) => [task.title, task]));
    const here = member.tasks.filter(inCalendar).map((task) => skip(eventOf(task), task));
    const there = member.events.filter((event) => !event.recurringEventId)
      .map((event) => eventSeen(event)).map((seen) => (byTitle.has(seen.title) ? skip(seen, byTitle.get(seen.title)) : seen));
    const differs = difference(here, there, byTitle);
    if (differs) return `the calendar differs: ${differs}`;
    const apart = compareSeries(member);
    if (apart) return `a series differs: ${apart}`;
  }
  if (notion) {
    // Whoever types a to-do anew takes the small print away; it comes back when there is something new in it.
    const skip = (form, task) => ({
      ...form, ...(unequal.notion.has(task.id) && { status: null }), ...(bare.has(task.title) && { detail: '' }) });
    const byTitle = new Map(member.planTasks.map((task) => [task.title, task]));
    const seen = member.things.map((each) => thingSeen(each.shown, shape.layout));
    const bare = new Set(seen.filter((each) => each.detail === '').map((each) => each.title));
    const here = member.planTasks.map((task) => skip(thingOf(task, shape.layout), task));
    const there = seen
      .map((each) => (byTitle.has(each.title) ? skip(each, byTitle.get(each.title)) : each));
    const differs = difference(here, there, byTitle);
    if (differs) return `Notion differs: ${differs}`;
    const twice = containersTwice(member);
    if (twice) return `in Notion there is twice ${twice}`;
    const elsewhere = comparePlaces(member);
    if (elsewhere) return `in Notion ${elsewhere}`;
  }
  return null;
}

/** What of our pages, headings and tables there is more than once; null if nothing is. */
function containersTwice({ found, things, strangers }) {
  const items = new Set([...things.map((each) => each.id), ...strangers]);
  const names = found.filter((each) => !items.has(each.id) && (each.object !== 'block' || each.type === 'heading_2'))
    .map((each) => `${each.type ?? each.object} "${each.text}" in ${JSON.stringify(each.parent)}`);
  return names.find((each, i) => names.indexOf(each) < i) ?? null;
}

/** No edit is lost without being told, and who must win has won. */
export function checkStories(member, conflicts, { racing }) {
  const { shape } = member;
  const layout = (side) => (side === 'notion' ? shape.layout : side);
  const rules = {
    racing,
    shown: (side, edit, task) => shownAt[layout(side)].includes(edit.field) && !isHidden(layout(side), edit, task),
    counts: (edit) => edit.side === 'here' || edit.field !== 'status' || shape.tier !== 'free',
    unheard: (edit) => edit.side === member.unheard,
    value: valueOf,
    // (A link that a person wrote below the notes is one of their lines where somebody has taken it off the task meanwhile.)
    same: (field, said, is, side) => field === 'occurrences' || said === is || (racing && field === 'notes' && is.startsWith(`${said}\n\nLink: `)) || (shape.mixes && field === 'title' && is.includes(said)) ||
      (field === 'status' && ['google', 'pages'].includes(layout(side)) && said !== 'done' && is !== 'done'),
    // Notion knows no guarded writes, and a to-do's text and small print are one value; nor are occurrences guarded
    // while their series changes.
    mayMiss: (edit, edits, task) => edits.some((each) => each.side !== edit.side) && (edit.side === 'notion' || Boolean(task.recurrence?.length)),
    isPart: (service, edit, task) => shape.policy !== 'merge' && !shape.mixes && !racing && !member.unheard &&
      wholes[layout(service)].includes(edit.field) && !isHidden(layout(service), edit, task),
    mayMix: (field) => shape.mixes && field === 'title',
    winner: (field, lasts) => winner(member, field, lasts),
    joins: (field) => shape.mixes && field === 'title' && !member.unheard,
    isWhole: !racing && !member.unheard,
  };
  for (const [id, story] of member.ledger.stories) {
    const now = member.byId.get(id);
    if (shape.tier === 'free' && now && now.status !== story.task.status && !story.spreads && !story.lastly('here', 'status')) {
      fail(`in this tier no service says how far a task is, and "${now.title}" (${id}) went from ${story.task.status} to ${now.status}`);
    }
    const about = conflicts.filter((each) => each.task_id === id);
    const wrong = verdict(story, now, about, rules);
    if (wrong) fail(wrong);
  }
  const unheard = checkLoneEdits(member, conflicts);
  if (unheard) fail(unheard);
  const lost = !racing && !member.unheard && checkOccurrences(member, conflicts);
  if (lost) fail(lost);
  const half = shape.policy === 'merge' && !racing && !member.unheard && checkBothHeard(member);
  if (half) fail(half);
}

/** What both sides can say of an item in every case. (A link below an event's text only the app can.) */
const wholes = { google: ['title', 'notes', 'when'], database: ['title', 'due', 'duration', 'link'], pages: ['title', 'link'] };

/** A check box and a mark before a title know done and not done; a calendar lacks what is cancelled, and how long a task of a day takes. */
function isHidden(form, { field, value }, task) {
  if (field === 'duration') return form === 'google' && !isTimed(task);
  if (field !== 'status') return false;
  if (form === 'database' || form === 'google' && [value, task.status].includes('cancelled')) return false;
  return (value === 'done') === (task.status === 'done');
}

/** Where the app and one service edited a title, and nothing else happened to the task. */
function winner({ shape, unheard }, field, lasts) {
  const here = lasts.find((each) => each.side === 'here');
  const there = lasts.find((each) => each.side !== 'here');
  if (field !== 'title' || shape.mixes && there?.side !== unheard || !here || !there) return null;
  if (there.side === unheard) return here;
  if (shape.policy === 'local') return here;
  if (shape.policy === 'remote') return there;
  if (shape.ahead_ms > 60_000) return there;
  // Within the precision of the service's times the app wins.
  const precision = there.side === 'notion' ? 60_000 : 1_000;
  return there.at - here.at < precision - 300 ? here : null;
}

/** What was written at a service since the epoch began had been edited elsewhere: nobody gets their own edit back. */
export async function checkEchoes(member, conflicts) {
  const touched = (side) => {
    const keys = new Set(conflicts.map((each) => each.task_id));
    for (const [id, story] of member.ledger.stories) {
      if ([...story.sides].some((each) => each !== side) || story.spreads) keys.add(id);
    }
    return keys;
  };
  for (const run of await member.runsOfEpoch()) {
    member.count(`run: ${run.trigger}`);
    if (run.counts.writes === 0) continue;
    const items = await member.listed(`/v1/runs/${run.id}/items`);
    const side = run.connection_id === member.google?.id ? 'google' : 'notion';
    const allowed = touched(side);
    for (const item of items) {
      if (!['create', 'update', 'remove'].includes(item.action) || !item.key?.startsWith('task:')) continue;
      const [id, slot] = item.key.slice(5).split('/');
      // (A rule that came from there has taken its occurrences along already.)
      const ruled = member.ledger.stories.get(id)?.lastly('google', 'occurrences');
      const dropped = slot && item.action === 'remove' && !ruled && items.some((each) => each.key === `task:${id}` && each.action === 'update' && each.result === 'done');
      if (dropped) fail(`what goes with its series' new rule was removed by itself: ${JSON.stringify(item)}`);
      if (item.action !== 'update' && member.cameBack) continue;
      // An edit of the whole series is news for its occurrences, there, too.
      if (slot && !member.ledger.stories.get(id)?.edits.every((each) => each.which)) continue;
      if (member.ledger.made.has(id) || allowed.has(id) || member.ledger.stories.get(id)?.mayReturn) continue;
      if (member.positions.get(id) !== member.byId.get(id)?.position) continue;  // others were put beside it
      fail(`${side} got its own edit back: ${JSON.stringify(item)}`);
    }
  }
}
