// When a guard has to ask, when it may, and what it holds until it is answered (docs/architecture.md, "What asks").
import { fail } from './checks.mjs';
import { standing } from './mishaps.mjs';

export const asks = (run) => run.state === 'waiting' && run.waiting_for === 'approval';

/** Whether a guard has reason to ask this, as far as can be said without having seen what happened. */
export async function mayAsk(m, { connection_id, guard: { reason, removals, items, plan_id } }) {
  const { percent, at_least } = m.shape.guards;
  // Where nothing is written, nothing is removed.
  if (connection_id === m.onlyRead && ['mass_removal', 'plan_emptied'].includes(reason)) return false;
  // (Of what was removed there it says what is at stake now, without what went in the last 24 hours.)
  if (reason === 'mass_removal_here') return removals > 0 && percent < 100;
  if (reason === 'mass_removal') return removals >= at_least && removals * 100 > items * percent;
  if (m.mishap) return true;
  if (reason === 'plan_emptied') return (await m.tasksOf({ id: plan_id })).every(({ status }) => status === 'cancelled');
  return reason === 'remote_empty' && plan_id === m.calendar.id;
}

/** Nothing was done to the task but what this side did. */
function onlyBy(m, task, side) {
  const story = m.ledger.stories.get(task.id);
  return !story?.mayReturn && [...story?.sides ?? []].every((each) => each === side);
}

/** Whether somebody has news for a page that is in the trash: then it is made anew, with all that stood in it. */
export function comesBack(m) {
  const { page, side, hidden } = m.mishap;
  if (hidden?.length) return false;  // that is asked about
  const gone = [...m.ledger.stories.values()].filter((story) => story.removed.has(side)).map((story) => story.task);
  return Boolean(page) && (m.ledger.made.size > 0 || !gone.every((task) => onlyBy(m, task, side)));
}

/** The reasons for which a connection, at that service, has to ask about a plan; none: it need not. */
function reasonsOf(m, at, plan) {
  const { mishap } = m;
  const there = standing(m, at).map(({ task }) => task).filter((task) => task.plan_id === plan.id);
  const gone = there.filter((task) => m.ledger.isRemoved(task, mishap.side));
  const sure = gone.filter((task) => onlyBy(m, task, mishap.side));  // what somebody else edited outlives
  const { percent, at_least } = m.shape.guards;
  const atMost = (at === 'google' ? m.events : m.found).length;  // pairs that the plan can have
  const many = sure.length >= at_least && sure.length * 100 > atMost * percent;
  if (mishap.side === 'here') {
    const emptied = m.ledger.made.size === 0 && m.tasks.every((task) => task.plan_id !== plan.id || m.ledger.isRemoved(task, 'here'));
    // (What was removed there meanwhile is asked about first.)
    const first = [...m.ledger.stories.values()].some((story) => story.removed.has(at)) ? ['mass_removal_here', 'remote_empty'] : [];
    if (emptied && sure.length > 1) return ['plan_emptied', ...first];
    return many ? ['mass_removal', 'plan_emptied', ...first] : [];
  }
  if (comesBack(m)) return [];
  if (mishap.hidden?.length && sure.some((task) => mishap.tasks.includes(task))) return ['container_lost'];
  const emptied = gone.length === there.length;
  const suspect = mishap.silent ? sure.length > 0 : sure.length > 1 && plan === m.plan;
  if (emptied && suspect) return mishap.table ? ['container_lost', 'remote_empty'] : ['remote_empty'];
  return many ? ['mass_removal_here', 'remote_empty'] : [];
}

/** A page that somebody's new title here brings back comes with all that stood on it. Answers what does not. */
export function checkWholePage(m) {
  const { mishap } = m;
  if (!mishap?.page || mishap.hidden.length) return null;
  const stayed = (story) => !story.dragged && !story.lastly('here', 'week_id') && [...story.removed.keys()].every((side) => side === mishap.side);
  const stories = mishap.tasks.map((task) => m.ledger.of(task)).filter(stayed);
  const why = stories.find((story) => story.lastly('here', 'title') && m.byId.has(story.task.id) && !mishap.dragged.includes(story.task));
  const lacks = why && stories.find((story) => !m.byId.has(story.task.id));
  return lacks ? `"${lacks.task.title}" (${lacks.task.id}) stood on a page that is back for the sake of "${why.task.title}" (${why.task.id}), and is gone` : null;
}

/** Notes what has to be asked because of the mishap, and what stays where it is until then. */
export function expectQuestions(m) {
  const { mishap } = m;
  const { side } = mishap;
  mishap.must = new Map();  // "connection plan" -> reasons
  mishap.held = [];  // {task, at, id}
  for (const connection of mishap.connections) {
    const at = connection === m.google ? 'google' : 'notion';
    const places = side === 'here' ? [at] : m.sides.filter((each) => each !== side);
    for (const plan of side === 'here' ? [mishap.plan] : [m.plan, m.calendar]) {
      const reasons = reasonsOf(m, at, plan);
      if (reasons.length === 0) continue;
      mishap.must.set(`${connection.id} ${plan.id}`, reasons);
      const hold = (task) => task.plan_id === plan.id && mishap.tasks.includes(task) && onlyBy(m, task, side);
      for (const place of places) {
        const stands = place === 'here' ? m.tasks.map((task) => ({ task, item: task })) : standing(m, place);
        mishap.held.push(...stands.filter(({ task }) => hold(task)).map(({ task, item }) => ({ task, at: place, id: item.id })));
      }
    }
  }
}

/** Looks at every connection, the struck ones first, and answers nothing; says whether one of those asks. */
export async function lookUnanswered(m) {
  let asked = false;
  const struck = m.mishap.connections;
  for (const connection of [...struck, ...m.connections.filter((each) => !struck.includes(each))]) {
    const run = await m.begin(connection);
    if (!asks(run) && run.state !== 'succeeded') fail(`a look after a mishap ended ${JSON.stringify(run)}`);
    if (struck.includes(connection)) asked = rightlyAsked(m, connection, run) || asked;
  }
  await m.look();
  const there = { here: m.tasks, google: m.events, notion: m.things };
  for (const { task, at, id } of m.mishap.held) {
    if (!there[at].some((each) => each.id === id)) fail(`gone from ${at} before anybody answered: "${task.title}" (${task.id})`);
  }
  return asked;
}

function rightlyAsked(m, connection, run) {
  if (!asks(run)) {
    const must = [...m.mishap.must].filter(([key]) => key.startsWith(connection.id));
    if (must.length > 0) fail(`nobody was asked (${must}): ${JSON.stringify(run)}`);
    return false;
  }
  const reasons = m.mishap.must.get(`${connection.id} ${run.guard.plan_id}`);
  if (reasons && !reasons.includes(run.guard.reason)) fail(`asked for another reason than ${reasons}: ${JSON.stringify(run.guard)}`);
  return true;
}
