// What must be true of the other side after an export, whatever happened on the way.
import assert from 'node:assert/strict';
import { wideBudgets, World } from './host.mjs';
import { googleEvents, notionTasks } from './remote.mjs';

/** The ways a plan can stand at a provider. */
export const forms = {
  pages: { connector: 'notion', provider: 'notion', layout: 'pages' },
  database: { connector: 'notion', provider: 'notion', layout: 'database' },
  calendar: { connector: 'google_calendar', provider: 'google' },
};

/** Connects an account for a form and sets the layout. */
export async function connectFor(world, form, account = 'ana', consent = {}) {
  const connection = await world.connect(form.connector, account, consent);
  if (!form.layout) return connection;
  return world.ok('PATCH', `/v1/connections/${connection.id}`, { settings: { mapping: { layout: form.layout } } });
}

/** A world where nothing waits for a limit, with a plan and a connection that it can be exported through. */
export async function connected(form, document, options = {}) {
  const world = await World.start({ settings: wideBudgets, ...options });
  await world.widenLimits();
  await world.account();
  const plan = await world.import(document);
  const connection = await connectFor(world, form);
  return { world, plan, connection };
}

/** 96 -> "1 h 36 min", as the mapping writes it. */
function words(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.round((seconds % 3600) / 60);
  return [hours && `${hours} h`, minutes && `${minutes} min`].filter(Boolean).join(' ');
}

/** One line per task, as it should stand there. */
function wanted(form, task) {
  const done = task.status === 'done';
  if (form.layout === 'pages') {
    const detail = [task.duration_s && words(task.duration_s), task.due && `due ${task.due}`].filter(Boolean).join(' · ');
    return JSON.stringify([task.title, task.link, detail, done]);
  }
  if (form.layout === 'database') {
    return JSON.stringify([task.title, task.link, task.due, task.duration_s && Math.round(task.duration_s / 60), done, `task:${task.id}`]);
  }
  return JSON.stringify([(done ? '✓ ' : '') + task.title, task.schedule.start, task.duration_s ?? 1800]);  // half an hour where nothing is said
}

/** What a clock in the event's zone shows: "2026-11-23T18:00:00". */
function local({ dateTime, timeZone }) {
  return new Date(dateTime).toLocaleString('sv-SE', { timeZone }).replace(' ', 'T');
}

async function found(world, form) {
  if (form.provider === 'notion') {
    return (await notionTasks(world)).map((item) => (form.layout === 'pages'
      ? JSON.stringify([item.title, item.link, item.detail.replace(/^ · /, ''), item.done])
      : JSON.stringify([item.title, item.link, item.date, item.minutes, item.done, item.key])));
  }
  return (await googleEvents(world)).map((event) => JSON.stringify([event.summary, local(event.start), (Date.parse(event.end.dateTime) - Date.parse(event.start.dateTime)) / 1000]));
}

/** Every task of the plan is there once, with its fields, and nothing else is. */
export async function assertInStep(world, form, plan, { ordered = false } = {}) {
  const there = await found(world, form);
  const here = (await world.tasks(plan)).map((task) => wanted(form, task));
  if (ordered && form.layout === 'pages') {
    assert.deepEqual(there, here);
  } else {
    assert.deepEqual([...there].sort(), [...here].sort());
  }
}
