// A whole plan is removed in the app, and at the services with it, and then brought back.
import { fail } from './checks.mjs';
import { childrenOf } from './places.mjs';

/** Whether the callout that we made is still what the plan's page begins with: else it counts as somebody's own. */
async function helpIsFirst(m) {
  const page = m.found.find((each) => each.object === 'page' && each.text === m.plan.title);
  const help = page && m.found.find((each) => each.type === 'callout' && each.parent.page_id === page.id);
  return !help || (await childrenOf(m, page.id))[0] === help.id;
}

/** Nobody is asked, what people made there stays, and what goes with its page is not removed once more. */
export async function removeAndRestore(m) {
  m.cameBack = true;
  const strangers = m.found?.filter((each) => m.strangers.has(each.id)) ?? [];
  const ours = new Set(m.planTasks.map((task) => task.title));
  const goesWhole = m.notion && m.things.length > 0 && !m.lively && strangers.length === 0 && await helpIsFirst(m);
  await m.ok('DELETE', `/v1/plans/${m.plan.id}?remote=remove`);
  for (const connection of m.connections) {
    const run = await m.begin(connection);
    if (run.state !== 'succeeded') fail(`the plan was removed, there too, and the sync ended ${JSON.stringify(run)}`);
    if (connection !== m.notion || !goesWhole || run.counts.writes === 1) continue;
    const { items } = await m.ok('GET', `/v1/runs/${run.id}/items?limit=200`);
    const places = m.things.map((each) => [each.id, each.text, each.parent]);
    fail(`a page goes with all that is on it: ${JSON.stringify([run, items, places, m.sections, [...m.dragged]])}`);
  }
  await m.lookThere();
  if (m.things.length > 0) fail(`left in Notion of a plan that was removed: ${JSON.stringify(m.things.slice(0, 3))}`);
  const left = [...m.eventsByTitle.keys()].filter((title) => ours.has(title));
  if (left.length > 0) fail(`left in the calendar of a plan that was removed: ${left}`);
  for (const each of strangers) {
    if (!m.found.some(({ id }) => id === each.id)) fail(`gone with a plan that was removed, and not ours: ${JSON.stringify(each)}`);
  }
  // (Then they tidy up: what comes back stands on pages of its own.)
  for (const { id } of (m.found ?? []).filter((each) => each.object === 'page' && each.text === m.plan.title)) {
    await m.world.simulator.set('POST', 'notion/trash', { id });
  }
  await m.ok('POST', `/v1/plans/${m.plan.id}/restore`);
}
