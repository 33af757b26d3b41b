// What the app's user and a person at the calendar do to recurring tasks: all, this, this and following.
import { add, aSchedule, patch } from './edits_here.mjs';
import { edit, google, marked } from './edits_there.mjs';
import { eventSeen, isTimed, kDoneMark } from './sides.mjs';
import { aDay, aTime, dayAfter, instantOf, onTheWall, today } from './times.mjs';
import { isSo, whichHere, whichThere } from './series.mjs';

const rules = ['RRULE:FREQ=DAILY;COUNT=6', 'RRULE:FREQ=WEEKLY;COUNT=5', 'RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4', 'RRULE:FREQ=MONTHLY;COUNT=3'];
const aRule = (dice) => [dice.pick(rules)];
const kMost = 4;  // series at a time

/** Of the series of which this side has done nothing yet: one edit of a series by a side is clear, several may undo each other. */
function onSeries(m, side, act) {
  const free = m.series.filter((each) => !m.ledger.stories.get(each.id)?.sides.has(side) && !(side === 'google' && m.underWay.has(each.id)));
  if (free.length === 0) return false;
  const series = m.dice.pick(free);
  m.target = series;
  return act(series);
}

/** An edit of a part of a series here. */
function spread(m, series, answer, more) {
  if (answer.status >= 300) return false;
  m.ledger.edit(series, 'here', 'occurrences', '', more);
  return true;
}

/** A change of one occurrence here: the patch, and what it says of the occurrence. */
function aChange(m, series, { cancelled }) {
  const title = m.word('this');
  if (cancelled) return { body: { title, status: 'todo' }, said: { title, status: 'todo' } };
  const notes = m.word('noted');
  const minutes = m.dice.between(10, 300);
  return m.dice.pick([
    () => ({ body: { title }, said: { title } }),
    () => ({ body: { notes }, said: { notes } }),
    () => ({ body: { status: 'done' }, said: { status: 'done' } }),
    () => ({ body: { duration_s: 60 * minutes, title }, said: { title, duration: 60 * minutes } }),
    () => {
      const { start, zone } = isTimed(series) ? aTime(m.dice, ++m.serial) : { start: aDay(m.dice) };
      return { body: { schedule: { kind: zone ? 'timed' : 'all_day', start, zone } }, said: { start: zone ? instantOf(start, zone) : start } };
    },
  ])();
}

export const seriesHere = {
  add_series: [2, (m) => {
    if (m.series.length >= kMost) return false;
    const timed = m.dice.chance(0.7);
    const schedule = timed ? { kind: 'timed', ...aTime(m.dice, ++m.serial, true) } : { kind: 'all_day', start: aDay(m.dice) };
    return add(m, { schedule, recurrence: aRule(m.dice) });
  }],
  edit_all: [2, (m) => onSeries(m, 'here', (series) => patch(m, series, m.dice.pick([
    { title: m.word('here') }, { recurrence: aRule(m.dice) }, { notes: m.word('noted') },
    // (One that was cut short must not begin after its end.)
    series.recurrence.some((line) => line.includes('UNTIL')) ? { duration_s: 3600 } : { schedule: aSchedule(m, series) }])))],
  edit_this: [4, (m) => onSeries(m, 'here', async (series) => {
    const all = m.occurrences.get(series.id);
    if (all.length === 0) return false;
    const occurrence = m.dice.pick(all);
    const { body, said } = aChange(m, series, occurrence);
    if (isSo(occurrence, said)) return false;  // what is said again is no edit
    const answer = await m.api('PATCH', `/v1/tasks/${series.id}/occurrences/${occurrence.slot}`, body);
    return spread(m, series, answer, { which: whichHere(series, occurrence.slot), said });
  })],
  cancel_this: [2, (m) => onSeries(m, 'here', async (series) => {
    const all = m.occurrences.get(series.id);
    if (all.length < 3) return false;
    const { slot } = m.dice.pick(all);
    return spread(m, series, await m.api('DELETE', `/v1/tasks/${series.id}/occurrences/${slot}`), { which: whichHere(series, slot), said: { cancelled: true } });
  })],
  edit_following: [2, (m) => onSeries(m, 'here', async (series) => {
    const all = m.occurrences.get(series.id);
    if (all.length < 3) return false;
    const { slot } = all[m.dice.between(1, all.length - 1)];
    const title = m.word('following');
    const answer = await m.api('POST', `/v1/tasks/${series.id}/occurrences/${slot}/split`, { title });
    if (answer.status === 201) m.ledger.made.add(answer.body.id);
    return spread(m, series, answer, { follows: title });
  })],
};

const slotOf = ({ originalStartTime: { date, dateTime } }) => date ?? dateTime;

/** The instances that the calendar shows of one of its series. (What lies more than a year ahead is not pulled.) */
function onInstances(m, act) {
  return onSeries(m, 'google', (task) => {
    const event = m.eventOf(task);
    const all = (m.instances.get(event?.id) ?? []).filter((each) => slotOf(each) < dayAfter(today, 360));
    const step = all.length > 0 ? act(task, event, all) : null;
    if (step) m.underWay.add(task.id);  // it is carried out later, with others
    return step;
  }) || null;
}

/** A change of one instance there: the changes, and what they say of the occurrence. */
function anotherChange(m, task, instance) {
  const word = m.word('this');
  const minutes = m.dice.between(15, 180);
  const renamed = () => ({ changes: { summary: marked(instance, word) }, said: { title: word } });
  return m.dice.pick([
    renamed,
    () => ({ changes: { description: word }, said: { notes: word } }),
    () => {
      if (m.shape.tier === 'free') return renamed();
      const { title, done } = eventSeen(instance);
      return { changes: { summary: (done ? '' : kDoneMark) + title }, said: { status: done ? 'todo' : 'done' } };
    },
    () => {
      if (instance.start.date) {
        const day = aDay(m.dice);
        const start = day === instance.start.date ? dayAfter(day, 1) : day;
        return { changes: { start: { date: start }, end: { date: dayAfter(start, 1) } }, said: { start } };
      }
      const { start, zone } = aTime(m.dice, ++m.serial, true);
      const end = new Date(instantOf(start, zone) + 60_000 * minutes).toISOString();
      return { changes: { start: { dateTime: start, timeZone: zone }, end: { dateTime: end, timeZone: zone } },
        said: { start: instantOf(start, zone), duration: 60 * minutes } };
    },
  ])();
}

/** An event's start and end as a schedule says them; one of hours takes an hour. */
function timesOf({ start, end, zone }) {
  if (!zone) {
    const on = (date) => ({ date, dateTime: null, timeZone: null });
    const after = end ?? dayAfter(start, 1);
    return { value: start, day: dayAfter(after, -1), changes: { start: on(start), end: on(after) } };
  }
  const at = (instant) => ({ dateTime: new Date(instant).toISOString(), timeZone: zone, date: null });
  const begins = instantOf(start, zone);
  return { value: `${start} ${zone}`, lasts: '3600', changes: { start: at(begins), end: at(begins + 3_600_000) } };
}

/** Another time of a whole series: an hour later, its days, hours of them, or any. */
function elsewhen(m, task) {
  const { start, zone = 'Europe/Madrid' } = task.schedule;
  const inZone = (instant, where) => ({ start: onTheWall(instant, where), zone: where });
  const { start: hour, zone: other } = aTime(m.dice, ++m.serial);
  const ways = isTimed(task)
    ? [inZone(instantOf(start, zone) + 3_600_000, zone), { start: start.slice(0, 10) }]
    : [inZone(instantOf(start + hour.slice(10), other), other)];
  return timesOf(m.dice.pick([...ways, aSchedule(m, task)]));
}

export const seriesThere = {
  make_series: [1, (m) => {
    if (m.series.length >= kMost) return null;
    const { start, zone } = aTime(m.dice, ++m.serial, true);
    const end = new Date(instantOf(start, zone) + 3_600_000).toISOString();
    const event = { summary: m.word('met'), start: { dateTime: start, timeZone: zone }, end: { dateTime: end, timeZone: zone }, recurrence: aRule(m.dice) };
    return { step: google(m, 'create_event', { event }) };
  }],
  edit_all: [2, (m) => onInstances(m, (task, event) => {
    const title = m.word('calendar');
    return edit(m, task, event, { summary: marked(event, title) }, { title });
  })],
  move_all: [2, (m) => onInstances(m, (task, event) => {
    // (One that was cut short must not begin after its end.)
    if (task.recurrence.some((line) => line.includes('UNTIL'))) return null;
    const { value, day, lasts, changes } = elsewhen(m, task);
    return { ...edit(m, task, event, changes, { when: value, occurrences: '' }), more: { day, lasts } };
  })],
  change_rule: [1, (m) => onInstances(m, (task, event) => edit(m, task, event, { recurrence: aRule(m.dice) }, { occurrences: '' }))],
  edit_this: [4, (m) => onInstances(m, (task, event, all) => {
    const instance = m.dice.pick(all);
    const { changes, said } = anotherChange(m, task, instance);
    return { step: google(m, 'edit_instance', { id: event.id, slot: slotOf(instance), changes }), task, side: 'google',
      means: { occurrences: '' }, more: { which: whichThere(instance), said } };
  })],
  cancel_this: [2, (m) => onInstances(m, (task, event, all) => {
    if (all.length < 2) return null;
    const instance = m.dice.pick(all);
    return { step: google(m, 'cancel_instance', { id: event.id, slot: slotOf(instance) }), task, side: 'google',
      means: { occurrences: '' }, more: { which: whichThere(instance), said: { cancelled: true } } };
  })],
  edit_following: [2, (m) => onInstances(m, (task, event, all) => {
    if (all.length < 3) return null;
    const [, ...later] = all.sort((a, b) => (whichThere(a) < whichThere(b) ? -1 : 1));
    const title = m.word('following');
    return { step: google(m, 'split_series', { id: event.id, slot: slotOf(m.dice.pick(later)), changes: { summary: title } }), task, side: 'google',
      means: { occurrences: '' }, more: { follows: title } };
  })],
};
