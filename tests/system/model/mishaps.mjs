// What looks like a mishap: at once most of a plan, or all of it, is gone from one side. Each says what it hits.
const google = (m, action, body) => ({ provider: 'google', action, body: { user: m.person, ...body } });
const notion = (action, ids) => ids.map((id) => ({ provider: 'notion', action, body: { id } }));
const batch = (m, steps) => m.world.simulator.set('POST', 'batch', { steps });

/** The tasks that stand at a service, with what each is there, as it was when all sides agreed. */
export function standing(m, side) {
  const itemOf = (task) => (side === 'google' ? m.eventOf(task) : m.thingOf(task));
  return m.tasks.map((task) => ({ task, item: itemOf(task) })).filter(({ item }) => item);
}

/** Those that nobody has removed there since. */
const left = (m, side) => standing(m, side).filter(({ task }) => !m.ledger.isRemoved(task, side));

/** Most, never all. */
const most = (m, list) => list.filter(() => m.dice.chance(0.85)).slice(0, Math.max(0, list.length - 1));
const tasksOf = (list) => list.map(({ task }) => task);

/** Trashes or hides things in Notion; can be undone. `page`: things that hold what was hit; `dragged`: of that what a person once put there. */
function lose(m, action, back, ids, hit) {
  return {
    side: 'notion', page: !hit.some(({ item }) => ids.includes(item.id)), tasks: tasksOf(hit),
    dragged: tasksOf(hit.filter(({ item }) => m.dragged.has(item.id))), silent: action === 'unshare', hidden: action === 'unshare' ? ids : [],
    act: () => batch(m, notion(action, ids)), undo: () => batch(m, notion(back, ids)),
  };
}
const trash = (m, ids, hit) => lose(m, 'trash', 'restore', ids, hit);
const hide = (m, ids, hit) => lose(m, 'unshare', 'share', ids, hit);

const pagesOf = (m, is) => m.found.filter((each) => each.object === 'page' && is(each)).map((each) => each.id);
const planPage = (m) => pagesOf(m, (each) => each.text === m.plan.title);
const modulePages = (m) => pagesOf(m, (each) => m.plan.modules.some((module) => module.title === each.text));
const tables = (m) => m.found.filter((each) => each.object === 'database').map((each) => each.id);

/** The page on which a to-do stands by now. */
function pageOf(m, { id, page }) {
  const holder = m.found.find((each) => each.id === m.dragged.get(id));
  if (!holder) return page;
  return holder.object === 'page' ? holder.id : holder.page;
}

/** One module's page, and what stands on it. */
function onePage(m, how) {
  const pages = modulePages(m);
  if (pages.length === 0) return null;
  const page = m.dice.pick(pages);
  return how(m, [page], left(m, 'notion').filter(({ item }) => pageOf(m, item) === page));
}

/** Removes tasks of a plan here, all or most. */
function removeHere(m, plan, share) {
  const tasks = share(m.tasks.filter((task) => task.plan_id === plan.id && !m.ledger.isRemoved(task, 'here')));
  const act = async () => {
    for (const task of tasks) await m.api('DELETE', `/v1/tasks/${task.id}`);
  };
  const undo = async () => {
    for (const task of tasks) await m.ok('POST', `/v1/tasks/${task.id}/restore`);
  };
  return { side: 'here', plan, tasks, act, undo };
}

/** By side and, in Notion, by layout: each answers {side, tasks, act} and perhaps undo, silent, hidden. Null: not now. */
export const mishaps = {
  google: {
    'the calendar is emptied': (m) => ({ side: 'google', tasks: tasksOf(left(m, 'google')), act: () => batch(m, [google(m, 'empty_calendar', {})]) }),
    'the calendar is suddenly empty': (m) => ({
      side: 'google', tasks: tasksOf(left(m, 'google')), silent: true, act: () => batch(m, [google(m, 'empty_calendar', { silently: true })]) }),
    'most events are deleted': (m) => {
      const hit = most(m, left(m, 'google'));
      return { side: 'google', tasks: tasksOf(hit), act: () => batch(m, hit.map(({ item }) => google(m, 'delete_event', { id: item.id }))) };
    },
  },
  pages: {
    'most to-dos are trashed': (m) => { const hit = most(m, left(m, 'notion')); return trash(m, hit.map(({ item }) => item.id), hit); },
    'every to-do is trashed': (m) => { const hit = left(m, 'notion'); return trash(m, hit.map(({ item }) => item.id), hit); },
    'the page of a module is trashed': (m) => onePage(m, trash),
    'the page of a module is not shared any more': (m) => onePage(m, hide),
    'the page of the plan is trashed': (m) => trash(m, planPage(m), left(m, 'notion')),
    'the page of the plan is not shared any more': (m) => hide(m, planPage(m), left(m, 'notion')),
  },
  database: {
    'most rows are trashed': (m) => { const hit = most(m, left(m, 'notion')); return trash(m, hit.map(({ item }) => item.id), hit); },
    'every row is trashed': (m) => { const hit = left(m, 'notion'); return trash(m, hit.map(({ item }) => item.id), hit); },
    'the table is trashed': (m) => ({ ...trash(m, tables(m), left(m, 'notion')), silent: true, table: true }),
    'the page of the plan is trashed': (m) => trash(m, planPage(m), left(m, 'notion')),
    'the page of the plan is not shared any more': (m) => hide(m, planPage(m), left(m, 'notion')),
  },
  here: {
    'most tasks are removed here': (m) => removeHere(m, m.plan, (list) => most(m, list)),
    'all tasks are removed here': (m) => removeHere(m, m.plan, (list) => list),
    'all appointments are removed here': (m) => (m.google ? removeHere(m, m.calendar, (list) => list) : null),
  },
};
