// What moves tasks: the app sends its plan anew, a person drags to-dos or types another number into "Order".

/** The plan as the app has it, as a document, with the task at another place. */
export function documentOf(m, plan, tasks, task, week, after) {
  const others = tasks.filter((each) => each.id !== task.id);
  const of = (id) => {
    const list = others.filter((each) => (each.week_id ?? '') === id);
    if (id === week) list.splice(list.findIndex((each) => each.id === after) + 1, 0, task);  // after none: in front
    return list;
  };
  const modules = plan.modules.map((module) => ({ ...module, weeks: module.weeks.map((each) => ({ ...each, tasks: of(each.id) })) }));
  return { ...plan, modules, tasks: of('') };
}

export const placesHere = {
  move: [3, async (m, { id }) => {
    // (What a document says of a task is an edit of it, where others edited it meanwhile.)
    if (m.racing || (m.shape.layout === 'pages' && m.mover !== 'app')) return false;
    const [plan, tasks] = await Promise.all([m.ok('GET', `/v1/plans/${m.plan.id}`), m.tasksOf(m.plan)]);
    const task = tasks.find((each) => each.id === id);
    if (!task) return false;
    const now = task.week_id ?? '';
    // To-dos keep the order in which they were made, so that only another week shows.
    const week = m.dice.pick(['', ...m.weeks.map((each) => each.id)].filter((each) => each !== now || m.shape.layout !== 'pages'));
    const there = tasks.filter((each) => (each.week_id ?? '') === week && each.id !== id).map((each) => each.id);
    const answer = await m.api('POST', `/v1/accounts/${m.account}/plans`, documentOf(m, plan, tasks, task, week, m.dice.pick(['', ...there])));
    if (answer.status !== 201) throw new Error(`the plan is not taken back: ${JSON.stringify(answer.body)}`);
    if (week !== now) m.ledger.edit(task, 'here', 'week_id', week);
    return true;
  }],
};

const notion = (action, body) => ({ provider: 'notion', action, body });

export const placesThere = {
  move: [2, (m, task, thing) => {
    if (m.shape.layout !== 'pages' || m.mover !== 'person' || m.sections.length < 2) return null;
    const parent = m.dice.pick([...m.sections, m.found.find((each) => each.object === 'page' && each.text === m.plan.title)]).id;
    m.dragged.set(thing.id, parent);
    m.ledger.of(task).dragged = true;
    return { step: notion('move', { id: thing.id, parent, first: m.dice.chance(0.5) }) };
  }],
  reorder: [1, (m, task, thing) => {
    if (m.shape.layout !== 'database') return null;
    m.dragged.set(thing.id, null);
    m.ledger.of(task).mayReturn = true;  // if somebody removes it: this is an edit, too
    return { step: notion('set', { id: thing.id, property: 'Order', value: m.dice.between(1, 99_999) }) };
  }],
};
