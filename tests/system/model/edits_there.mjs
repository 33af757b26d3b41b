// What a person does in the calendar and in Notion: each answers the step for the simulators' control, and what it means.
import { aDay, aTime, dayAfter, instantOf } from './times.mjs';
import { eventSeen, isTimed, kDoneMark, statuses } from './sides.mjs';

export const google = (m, action, body) => ({ provider: 'google', action, body: { user: m.person, ...body } });
const notion = (action, body) => ({ provider: 'notion', action, body });

/** The person sees what they did before. */
export function edit(m, task, event, changes, means) {
  Object.assign(event, changes.summary && { summary: changes.summary });
  return { step: google(m, 'edit_event', { id: event.id, changes }), task, side: 'google', means };
}

/** Start and end of an event as the calendar takes them, other than before. */
function times(m, task) {
  const toDay = isTimed(task) ? m.dice.chance(0.25) : m.dice.chance(0.6);
  if (toDay) {
    const start = aDay(m.dice);
    const days = m.dice.pick([1, 1, 3]);
    const on = (date) => ({ date, dateTime: null, timeZone: null });
    return { value: start, day: dayAfter(start, days - 1), changes: { start: on(start), end: on(dayAfter(start, days)) } };
  }
  const { start, zone } = aTime(m.dice, ++m.serial, true);
  const minutes = m.dice.between(15, 180);
  const end = new Date(instantOf(start, zone) + 60_000 * minutes).toISOString();
  return { value: `${start} ${zone}`, lasts: String(60 * minutes), changes: { start: { dateTime: start, timeZone: zone, date: null }, end: { dateTime: end, timeZone: zone, date: null } } };
}

export const marked = (event, title) => (eventSeen(event).done ? kDoneMark : '') + title;

export const calendar = {
  rename: [10, (m, task, event) => {
    const title = m.word('calendar');
    return edit(m, task, event, { summary: marked(event, title) }, { title });
  }],
  tick: [3, (m, task, event) => {
    const done = !eventSeen(event).done;
    return edit(m, task, event, { summary: (done ? kDoneMark : '') + eventSeen(event).title }, { status: done ? 'done' : 'todo' });
  }],
  describe: [4, (m, task, event) => {
    const notes = m.word('described');
    return edit(m, task, event, { description: task.link ? `${notes}\n\nLink: ${task.link}` : notes }, { notes });
  }],
  move: [5, (m, task, event) => {
    const { value, day, lasts, changes } = times(m, task);
    return { ...edit(m, task, event, changes, { when: value }), more: { day, lasts } };
  }],
  remove: [3, (m, task, event) => (m.mayRemove(task)
    ? { step: google(m, 'delete_event', { id: event.id }), task, side: 'google', removes: true } : null)],
  make: [2, (m) => {
    if (m.tasks.length - m.planTasks.length > 12) return null;
    const { changes } = times(m, {});
    const event = { summary: m.word('met'), ...JSON.parse(JSON.stringify(changes, (_, value) => value ?? undefined)) };
    return { step: google(m, 'create_event', { event }) };
  }],
};

export const pagesOrRows = {
  rename: [10, (m, task, thing) => {
    const title = m.word('notion');
    // Whoever types a to-do anew loses the link in it.
    const means = m.shape.layout === 'pages' && task.link ? { title, link: '' } : { title };
    return { step: notion('rename', { id: thing.id, title }), task, side: 'notion', means };
  }],
  tick: [5, (m, task, thing) => {
    if (m.shape.layout === 'pages') {
      const checked = !thing.shown.to_do.checked;
      thing.shown.to_do.checked = checked;
      return { step: notion('tick', { id: thing.id, checked }), task, side: 'notion', means: { status: checked ? 'done' : 'todo' } };
    }
    const status = m.dice.pick(['todo', 'doing', 'done', 'cancelled'].filter((each) => each !== task.status));
    return { step: notion('set', { id: thing.id, property: 'Status', value: statuses[status] }), task, side: 'notion', means: { status } };
  }],
  set_due: [4, (m, task, thing) => {
    const due = aDay(m.dice);
    return m.shape.layout === 'pages' ? null
      : { step: notion('set', { id: thing.id, property: 'Due Date', value: due }), task, side: 'notion', means: { due } };
  }],
  stretch: [3, (m, task, thing) => {
    const minutes = m.dice.between(10, 300);
    return m.shape.layout === 'pages' ? null
      : { step: notion('set', { id: thing.id, property: 'Duration', value: minutes }), task, side: 'notion', means: { duration: String(minutes * 60) } };
  }],
  remove: [3, (m, task, thing) => (m.mayRemove(task) ? { step: notion('trash', { id: thing.id }), task, side: 'notion', removes: true } : null)],
  make: [1, (m) => {
    if (m.strangers.size > 6) return null;
    if (m.shape.layout === 'pages' && m.sections.length === 0) return null;
    if (m.shape.layout === 'pages') return { step: notion('add_to_do', { id: m.dice.pick(m.sections).id, text: m.word('own'), checked: false }), stranger: true };
    return m.table ? { step: notion('add_row', { id: m.table.id, title: m.word('own') }), stranger: true } : null;
  }],
};
