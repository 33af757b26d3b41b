// What the simulated providers hold, read from their state: the tests' view of the other side. And what a person does there.

const textOf = (runs) => runs.map((run) => run.text?.content ?? run.plain_text ?? '').join('');

/** Everything alive in Notion that stands for a task, in reading order: {title, link, detail, done}. */
export async function notionTasks(world) {
  const { notion } = await world.simulator.set('GET', 'state');
  const things = new Map(notion.things.map((thing) => [thing.id, thing]));
  const alive = (thing) => !thing.trashed && (!thing.parent || !things.has(thing.parent) || alive(things.get(thing.parent)));
  const found = [];
  const order = [];
  const seen = new Set();
  const walk = (thing) => {
    if (seen.has(thing.id)) return;
    seen.add(thing.id);
    order.push(thing);
    for (const child of thing.children ?? []) if (things.has(child)) walk(things.get(child));
  };
  for (const thing of notion.things) if (!thing.parent || !things.has(thing.parent)) walk(thing);
  for (const thing of notion.things) walk(thing);
  for (const thing of order) {
    if (!alive(thing)) continue;
    if (thing.type === 'to_do') {
      const runs = thing.body.rich_text ?? thing.body.to_do?.rich_text ?? [];
      const small = runs.findIndex((run) => run.annotations?.color === 'gray');
      const title = textOf(small < 0 ? runs : runs.slice(0, small));
      found.push({
        title,
        link: runs.find((run) => run.text?.link)?.text.link.url,
        detail: small < 0 ? '' : textOf(runs.slice(small)),
        done: thing.body.checked ?? thing.body.to_do?.checked ?? false,
      });
      continue;
    }
    const properties = thing.body?.properties;
    if (!properties || !JSON.stringify(properties).includes('task:')) continue;
    found.push(rowOf(properties, things.get(thing.parent)));
  }
  return found;
}

/** A row of a table as {title, link, date, minutes, order, status, done, key}. */
function rowOf(properties, table) {
  const names = new Map((table?.body?.properties ?? []).map((column) => [column.id, column.name]));
  const row = Object.fromEntries(Object.entries(properties).map(([id, value]) => [names.get(id) ?? id, value]));
  return {
    title: textOf(properties.title ?? []),
    link: row['Resource Link'] ?? undefined,
    date: row['Due Date']?.start,
    minutes: row.Duration,
    order: row.Order,
    status: row.Status?.name,
    done: row.Status?.name === 'Done',
    key: textOf(row['Mortise key'] ?? []),
  };
}

/** The live events of a user's calendars that stand for a task. */
export async function googleEvents(world, email = 'ana.torres@example.com') {
  const { google } = await world.simulator.set('GET', 'state');
  return google.model.calendars
    .filter((calendar) => calendar.owner === email)
    .flatMap((calendar) => calendar.events)
    .filter((event) => event.fields.status !== 'cancelled')
    .map((event) => event.fields);
}

/** Somebody gives the task another title there. */
export async function renameThere(world, form, connection, from, to) {
  const person = (action, body) => world.simulator.set('POST', action, body);
  const user = connection.identity.email;
  if (form.provider === 'google') {
    const { items } = await person('google/events', { user });
    return person('google/edit_event', { user, id: items.find((each) => each.summary === from).id, changes: { summary: to } });
  }
  const { results } = await person('notion/find', { user });
  return person('notion/rename', { id: results.find((each) => each.text.startsWith(from)).id, title: to });
}
