// How a task should look at each service, and how it does: one form for both, so that they compare.
import { dayAfter, daysBetween, instantOf, onTheWall } from './times.mjs';

const kDoneMark = '✓ ';
const statuses = { todo: 'Not started', doing: 'In progress', done: 'Done', cancelled: 'Cancelled' };

export const firstDay = (task) => task.schedule?.start ?? task.due;
export const isTimed = (task) => task.schedule?.kind === 'timed';
/** Whether the calendar shows the task. */
export const inCalendar = (task) => task.status !== 'cancelled' && Boolean(firstDay(task));

/** What an edit of the field changes, at least, at that service. */
export const shownAt = {
  google: ['title', 'status', 'notes', 'when', 'duration', 'link'],
  database: ['title', 'status', 'due', 'duration', 'link'],
  pages: ['title', 'status', 'due', 'duration', 'link', 'week_id'],
};

function description(task) {
  const below = task.link ? `Link: ${task.link}` : '';
  return [task.notes, below].filter(Boolean).join('\n\n');
}

function span(task) {
  if (isTimed(task)) {
    const start = instantOf(task.schedule.start, task.schedule.zone ?? 'Europe/Madrid');
    return [start, start + 1000 * (task.duration_s ?? 1800)];
  }
  const start = firstDay(task);
  return [start, task.schedule?.end && task.schedule.end > dayAfter(start, 1) ? task.schedule.end : dayAfter(start, 1)];
}

/** The event that a task is, or null. */
export function eventOf(task) {
  if (!inCalendar(task)) return null;
  const [start, end] = span(task);
  return { title: task.title, done: task.status === 'done', description: description(task), start, end, recurs: Boolean(task.recurrence?.length) };
}

export function eventSeen(event) {
  const done = (event.summary ?? '').startsWith(kDoneMark);
  const at = (time) => (time.date ? time.date : Date.parse(time.dateTime));
  return {
    title: done ? event.summary.slice(kDoneMark.length) : event.summary ?? '', done, description: event.description ?? '',
    start: at(event.start), end: at(event.end), recurs: Boolean(event.recurrence?.length),
  };
}

function spoken(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600 + 59) / 60);
  return [hours && `${hours} h`, (minutes || !hours) && `${minutes} min`].filter(Boolean).join(' ');
}

const plain = (runs) => runs.map((run) => run.plain_text ?? run.text?.content ?? '').join('');

/** The to-do or row that a task is. */
export function thingOf(task, layout) {
  if (layout === 'pages') {
    const detail = [task.duration_s && spoken(task.duration_s), task.due && `due ${task.due}`].filter(Boolean).join(' · ');
    return { title: task.title, status: task.status === 'done', link: task.link ?? null, detail };
  }
  return {
    title: task.title, status: statuses[task.status], link: task.link ?? null, due: task.due ?? null,
    minutes: task.duration_s === undefined ? null : Math.round(task.duration_s / 60),
  };
}

export function thingSeen(shown, layout) {
  if (layout === 'pages') {
    const runs = shown.to_do.rich_text;
    const small = runs.findIndex((run) => run.annotations?.color === 'gray');
    const text = small < 0 ? runs : runs.slice(0, small);
    return {
      title: plain(text), status: shown.to_do.checked, link: text.find((run) => run.text?.link)?.text.link.url ?? null,
      detail: small < 0 ? '' : plain(runs.slice(small)).replace(/^ · /, ''),
    };
  }
  const cell = (name) => shown.properties[name] ?? {};
  return {
    title: plain(cell('Task').title ?? []), status: cell('Status').status?.name ?? cell('Status').select?.name ?? null,
    link: cell('Resource Link').url ?? null, due: cell('Due Date').date?.start ?? null, minutes: cell('Duration').number ?? null,
  };
}

/** A task's value of a field of the model, as text. */
export function valueOf(task, field) {
  if (field === 'when') return isTimed(task) ? `${task.schedule.start} ${task.schedule.zone ?? ''}` : String(firstDay(task) ?? '');
  if (field === 'duration') return String(task.duration_s ?? '');
  return String(task[field] ?? '');
}

export { dayAfter, daysBetween, kDoneMark, onTheWall, statuses };
