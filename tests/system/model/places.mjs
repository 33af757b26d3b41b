// Where tasks stand in Notion: a to-do below the heading of its week, in the plan's order; a row by its column "Order".
// A service that cannot move things keeps the order in which they were made (docs/kinds.md), and what a person drags
// somewhere stays there.

/** The token by which the host itself looks: the simulation's state tells. */
async function tokenOf(m) {
  const { notion } = await m.world.simulator.set('GET', 'state');
  return notion.grants.find((grant) => grant.person === m.person).access_token;
}

/** The ids of what stands in a page or block, in order. */
export async function childrenOf(m, id) {
  const all = [];
  for (let cursor = ''; cursor !== null;) {
    const asked = `${m.world.simulator.url}/v1/blocks/${id}/children?page_size=100${cursor && `&start_cursor=${cursor}`}`;
    m.notionToken ??= await tokenOf(m);
    const answer = await fetch(asked, { headers: { authorization: `Bearer ${m.notionToken}`, 'notion-version': '2026-03-11' } });
    if (answer.status === 404) return [];  // hidden from apps
    if (!answer.ok) throw new Error(`what stands in ${id}: ${answer.status} ${await answer.text()}`);
    const { results, next_cursor } = await answer.json();
    all.push(...results.map((each) => each.id));
    cursor = next_cursor;
  }
  return all;
}

const parentOf = (thing) => thing.parent.block_id ?? thing.parent.page_id;

/** By the id of what holds to-dos of ours: their ids, in order. */
export async function ordersThere(m) {
  const holders = [...new Set(m.things.map(parentOf))];
  const ours = new Set(m.things.map((each) => each.id));
  return new Map(await Promise.all(holders.map(async (id) => [id, (await childrenOf(m, id)).filter((each) => ours.has(each))])));
}

/** By the id of a week ('' for none) what holds its to-dos. */
function holdersOf(m) {
  const weeks = m.weeks.map((week) => [week.id, m.sections.find((each) => each.text === `Week ${week.number}: ${week.milestone}`)?.id]);
  return new Map([...weeks, ['', m.found.find((each) => each.object === 'page' && each.text === m.plan.title)?.id]]);
}

/** The first task that stands elsewhere than it should, or the first week that is in another order; null if there is none. */
export function comparePlaces(m) {
  if (m.shape.layout === 'database') {
    const off = m.planTasks.find((task) => {
      const row = m.thingOf(task);
      return !m.dragged.has(row.id) && row.shown.properties.Order.number !== task.position;
    });
    return off ? `"${off.title}" ${off.id} is at ${off.position}, its row at ${m.thingOf(off).shown.properties.Order.number}` : null;
  }
  const holders = holdersOf(m);
  for (const task of m.planTasks) {
    const thing = m.thingOf(task);
    const should = m.dragged.get(thing.id) ?? holders.get(task.week_id ?? '');
    if (parentOf(thing) !== should) return `"${task.title}" ${task.id} stands in ${parentOf(thing)}, and should in ${should} (its week: ${task.week_id})`;
  }
  if (m.mover === 'person') return null;  // what is made later stands beside what was dragged, wherever that is
  // The app sent its plan anew, or between two tasks no room was left.
  m.renumbered ||= m.mover === 'app' || m.planTasks.some(({ id, position }) => (m.positions?.get(id) ?? position) !== position);
  for (const [week, holder] of holders) {
    const tasks = m.planTasks.filter((task) => (task.week_id ?? '') === week);
    // What was removed and came back has its old number, also among others that have new ones since; what is made later
    // stands beside it.
    if (m.renumbered && tasks.some((task) => m.ledger.wereRemoved.has(task.id))) m.unordered.add(week);
    if (m.unordered.has(week)) continue;
    const here = tasks.map((task) => m.thingOf(task).id);
    const there = m.orders.get(holder) ?? [];
    const names = (ids) => ids.map((id) => m.planTasks.find((task) => m.thingOf(task).id === id)).map((task) => `"${task?.title}" ${task?.id}`).join(', ');
    if (here.join() !== there.join()) return `another order in week ${week}: here ${names(here)}; there ${names(there)}`;
  }
  return null;
}
