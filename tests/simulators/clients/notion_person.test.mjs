// What a person does by hand in the simulated Notion, and how it looks through Notion's own client.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Client } from '@notionhq/client';
import { Simulator, ana } from './simulator.mjs';

let simulator;
let grant;
let notion;
let home;

const text = (content) => [{ type: 'text', text: { content } }];
const toDo = (content) => ({ type: 'to_do', to_do: { rich_text: text(content) } });
const toggle = (content, ...children) => ({ type: 'toggle', toggle: { rich_text: text(content), children } });
const person = (action, body) => simulator.set('POST', `notion/${action}`, body);
const refused = async (action, body) => (await simulator.control('POST', `notion/${action}`, body)).status;
const page = (id) => notion.pages.retrieve({ page_id: id });
const block = (id) => notion.blocks.retrieve({ block_id: id });
const children = async (id) => (await notion.blocks.children.list({ block_id: id })).results;
const words = async (id) => (await children(id)).map((child) => child[child.type].rich_text[0].plain_text);
const minute = (n) => `2026-11-20T10:${String(n).padStart(2, '0')}:00.000Z`;
const at = (n) => simulator.set('PUT', 'clock', { now_ms: Date.parse(minute(n)) + 31_500 });

before(async () => { simulator = await Simulator.start(['--seed', '12']); });
after(async () => assert.equal(await simulator.stop(), 0));

beforeEach(async () => {
  await simulator.set('POST', 'reset');
  await at(0);
  grant = await simulator.connectNotion();
  notion = new Client({ auth: grant.access_token, baseUrl: simulator.url, notionVersion: '2026-03-11', retry: false, logLevel: 'error' });
  home = (await person('find', { user: ana, text: 'Home' })).results[0].id;
});

async function makeTable() {
  const database = await notion.databases.create({
    parent: { type: 'page_id', page_id: home }, title: text('Plan'), initial_data_source: { properties: {
      Task: { title: {} }, 'Due Date': { date: {} }, Status: { status: {} }, Effort: { number: {} },
      'Resource Link': { url: {} }, Tags: { multi_select: {} }, Optional: { checkbox: {} },
    } },
  });
  const source = database.data_sources[0].id;
  const row = await notion.pages.create({ parent: { type: 'data_source_id', data_source_id: source }, properties: { Task: { title: text('Read') } } });
  return { database: database.id, source, row: row.id };
}

test('a nested to-do ticked by hand moves the edit time of its page, and the editor is the person', async () => {
  const [week] = (await notion.blocks.children.append({ block_id: home, children: [toggle('Week 1', toDo('a'), toDo('b'))] })).results;
  const [first] = await children(week.id);
  assert.equal((await page(home)).last_edited_by.id, grant.bot_id);
  await at(7);
  const changed = await person('tick', { id: first.id });
  assert.deepEqual([changed.id, changed.page, changed.before.to_do.checked, changed.after.to_do.checked], [first.id, home, false, true]);
  const seen = await block(first.id);
  assert.deepEqual([seen.to_do.checked, seen.last_edited_time, seen.last_edited_by.id], [true, minute(7), ana]);
  const standsOn = await page(home);
  assert.deepEqual([standsOn.last_edited_time, standsOn.last_edited_by.id], [minute(7), ana]);
  assert.equal((await block(week.id)).last_edited_time, minute(0));
  await person('tick', { id: first.id, checked: false });
  assert.equal((await block(first.id)).to_do.checked, false);
  assert.equal(await refused('tick', { id: week.id }), 400);
  assert.equal(await refused('tick', { id: '00000000-0000-4000-8000-000000000000' }), 404);
});

test('to-dos are added, renamed, dragged and trashed by hand', async () => {
  const [one, two, week] = (await notion.blocks.children.append({ block_id: home, children: [toDo('one'), toDo('two'), toggle('Week')] })).results;
  const middle = await person('add_to_do', { id: home, text: 'middle', checked: true, after: one.id });
  assert.deepEqual([middle.before, middle.after.to_do.checked, middle.after.created_by.id], [null, true, ana]);
  await person('add_to_do', { id: home, text: 'top', first: true });
  await person('add_to_do', { id: week.id, text: 'inside' });
  assert.deepEqual(await words(home), ['top', 'one', 'middle', 'two', 'Week']);
  await person('rename', { id: two.id, title: 'zwei' });
  await person('move', { id: two.id, first: true });
  await person('move', { id: one.id, parent: week.id });
  assert.deepEqual(await words(home), ['zwei', 'top', 'middle', 'Week']);
  assert.deepEqual(await words(week.id), ['inside', 'one']);
  assert.equal((await block(one.id)).parent.block_id, week.id);
  await at(3);
  await person('trash', { id: one.id });
  assert.deepEqual(await words(week.id), ['inside']);
  assert.equal((await page(home)).last_edited_time, minute(3));
  await person('restore', { id: one.id });
  assert.deepEqual(await words(week.id), ['inside', 'one']);
  assert.equal(await refused('move', { id: week.id, parent: one.id }), 400);
  assert.equal(await refused('move', { id: one.id, after: two.id }), 400);
});

test('values are set as a person types them, and rows are added by hand', async () => {
  const { source, row } = await makeTable();
  await at(5);
  const values = { 'Due Date': '2026-12-01', Status: 'Done', Effort: 2.5, 'Resource Link': 'https://example.com/x', Tags: 'a, b', Optional: true, Task: 'Read twice' };
  for (const [property, value] of Object.entries(values)) await person('set', { id: row, property, value });
  const seen = await page(row);
  assert.deepEqual([seen.last_edited_time, seen.last_edited_by.id], [minute(5), ana]);
  const { properties } = seen;
  assert.equal(properties['Due Date'].date.start, '2026-12-01');
  assert.equal(properties.Status.status.name, 'Done');
  assert.equal(properties.Effort.number, 2.5);
  assert.equal(properties['Resource Link'].url, 'https://example.com/x');
  assert.deepEqual(properties.Tags.multi_select.map((option) => option.name), ['a', 'b']);
  assert.equal(properties.Optional.checkbox, true);
  assert.equal(properties.Task.title[0].plain_text, 'Read twice');
  const cleared = await person('set', { id: row, property: 'Due Date', value: null });
  assert.deepEqual([cleared.before.properties['Due Date'].date.start, cleared.after.properties['Due Date'].date], ['2026-12-01', null]);
  await person('set', { id: row, property: 'Due Date', value: '2026-12-01/2026-12-03' });
  assert.equal((await page(row)).properties['Due Date'].date.end, '2026-12-03');
  assert.equal(await refused('set', { id: row, property: 'Status', value: 'Nope' }), 400);
  assert.equal(await refused('set', { id: row, property: 'Effort', value: 'much' }), 400);
  assert.equal(await refused('set', { id: row, property: 'Gone', value: 'x' }), 400);

  const added = await person('add_row', { id: source, title: 'By hand', values: { Status: 'In progress', 'Due Date': '2026-12-05' } });
  assert.equal(added.after.properties.Status.status.name, 'In progress');
  const rows = (await notion.dataSources.query({ data_source_id: source, filter: { timestamp: 'last_edited_time', last_edited_time: { on_or_after: minute(5) } },
    sorts: [{ timestamp: 'last_edited_time', direction: 'ascending' }] })).results;
  assert.deepEqual(rows.map((found) => found.id).sort(), [row, added.id].sort());
  await person('trash', { id: row });
  assert.deepEqual((await notion.dataSources.query({ data_source_id: source })).results.map((found) => found.id), [added.id]);
  assert.equal((await page(row)).in_trash, true);
  await person('restore', { id: row });
  assert.equal((await notion.dataSources.query({ data_source_id: source })).results.length, 2);
});

test('a row dragged to another table keeps its id and its title', async () => {
  const from = await makeTable();
  const to = await makeTable();
  await person('set', { id: from.row, property: 'Effort', value: 3 });
  const moved = await person('move', { id: from.row, parent: to.source });
  assert.equal(moved.after.parent.data_source_id, to.source);
  assert.deepEqual([moved.after.properties.Task.title[0].plain_text, moved.after.properties.Effort.number], ['Read', null]);
  assert.equal((await notion.dataSources.query({ data_source_id: from.source })).results.length, 0);
});

test('columns are renamed and deleted by hand while their ids stay', async () => {
  const { database, source, row } = await makeTable();
  await person('set', { id: row, property: 'Effort', value: 4 });
  const { properties } = await notion.dataSources.retrieve({ data_source_id: source });
  await person('rename_property', { id: database, property: 'Effort', name: 'Hours' });
  await person('remove_property', { id: source, property: properties.Tags.id });
  await person('schema', { id: source, properties: { Extra: { email: {} } } });
  const now = (await notion.dataSources.retrieve({ data_source_id: source })).properties;
  assert.deepEqual([now.Hours.id, now.Effort, now.Tags, now.Extra.type], [properties.Effort.id, undefined, undefined, 'email']);
  assert.equal((await page(row)).properties.Hours.number, 4);
  assert.equal(await refused('remove_property', { id: source, property: 'Task' }), 400);
});

test('rows follow their options when a person renames or deletes one', async () => {
  const { source, row } = await makeTable();
  await person('set', { id: row, property: 'Status', value: 'In progress' });
  await person('set', { id: row, property: 'Tags', value: 'a, b' });
  const { properties } = await notion.dataSources.retrieve({ data_source_id: source });
  const options = properties.Status.status.options.map(({ id, name }) => ({ id, name: name === 'In progress' ? 'Doing' : name }));
  await person('schema', { id: source, properties: { Status: { status: { options } }, Tags: { multi_select: { options: [{ id: properties.Tags.multi_select.options[1].id }] } } } });
  const now = (await page(row)).properties;
  assert.deepEqual([now.Status.status.name, now.Tags.multi_select.map(({ name }) => name)], ['Doing', ['b']]);
  assert.deepEqual((await notion.dataSources.query({ data_source_id: source, filter: { property: 'Status', status: { equals: 'Doing' } } })).results.map(({ id }) => id), [row]);
});

test('a page taken away looks gone with everything below it, and comes back as it was', async () => {
  const child = await notion.pages.create({ parent: { page_id: home }, properties: { title: { title: text('Module 1') } }, children: [toDo('x')] });
  const [inside] = await children(child.id);
  const before_ = await page(child.id);
  await at(9);
  await person('unshare', { id: child.id });
  for (const look of [() => page(child.id), () => block(inside.id), () => children(child.id)]) {
    await assert.rejects(look, { status: 404, code: 'object_not_found' });
  }
  assert.deepEqual([(await page(home)).last_edited_time, await children(home)], [minute(0), []]);
  await person('share', { id: child.id });
  assert.deepEqual(await page(child.id), before_);
  assert.equal((await block(inside.id)).to_do.rich_text[0].plain_text, 'x');
});

test('a page trashed by hand is edited, and so is the page it stood on', async () => {
  const child = await notion.pages.create({ parent: { page_id: home }, properties: { title: { title: text('Module 1') } } });
  await at(4);
  await person('trash', { id: child.id });
  assert.deepEqual([(await page(child.id)).in_trash, (await page(child.id)).last_edited_time], [true, minute(4)]);
  assert.deepEqual([(await page(home)).last_edited_time, (await page(home)).last_edited_by.id], [minute(4), ana]);
  assert.deepEqual((await person('find', { user: ana, text: 'Module 1', trashed: true })).results.map(({ id }) => id), [child.id]);
  assert.deepEqual((await person('find', { user: ana, text: 'Module 1' })).results, []);
});

test('rows edited within one minute look equally old', async () => {
  const { source, row } = await makeTable();
  const later = (await person('add_row', { id: source, title: 'Later' })).id;
  const order = async () => (await notion.dataSources.query({ data_source_id: source, sorts: [{ timestamp: 'last_edited_time', direction: 'descending' }] })).results.map(({ id }) => id);
  const since = async (op, n) => (await notion.dataSources.query({ data_source_id: source, filter: { timestamp: 'last_edited_time', last_edited_time: { [op]: minute(n) } } })).results.map(({ id }) => id);
  await simulator.set('PUT', 'clock', { advance_ms: 5_000 });
  await person('tick', { id: later });
  assert.deepEqual(await order(), [row, later], 'the second edit of a minute does not sort after the first');
  await at(2);
  await person('tick', { id: later });
  assert.deepEqual(await order(), [later, row]);
  assert.deepEqual([await since('on_or_after', 2), await since('after', 2), await since('before', 2)], [[later], [], [row]]);
});

test('a person does all of it on the pages', async () => {
  const { database, source, row } = await makeTable();
  const [week] = (await notion.blocks.children.append({ block_id: home, children: [toggle('Week 1', toDo('one'), toDo('two'), toDo('three'))] })).results;
  const [one] = await children(week.id);
  const see = async (id) => (await fetch(`${simulator.url}/notion/${id}`)).text();
  const post = async (id, form, status = 303) => {
    const answer = await fetch(`${simulator.url}/notion/${id}`, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
    assert.equal(answer.status, status, JSON.stringify(form));
  };
  /** The fields of the form that holds this button, as a browser would send them. */
  const fields = (html, label) => {
    const form = html.split('<form').find((part) => part.includes(`aria-label="${label}"`));
    assert.ok(form, `no button "${label}"`);
    const named = [...form.matchAll(/<input[^>]* name="([^"]+)"[^>]*value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
    const [, action] = /<button name="action" value="([^"]+)"/.exec(form);
    const [, id] = /action="\/notion\/([^"]+)"/.exec(form);
    return { id, form: { ...Object.fromEntries(named), action } };
  };
  const press = async (page_, label, typed = {}) => {
    const { id, form } = fields(await see(page_), label);
    await post(id, { ...form, ...typed });
  };

  await press(home, 'Add a to-do to Week 1', { text: 'four <4>' });
  assert.deepEqual(await words(week.id), ['one', 'two', 'three', 'four <4>']);
  assert.match(await see(home), /four &lt;4&gt;/);
  await press(home, 'Move down one');
  await press(home, 'Move up three');
  await press(home, 'Move up three');
  assert.deepEqual(await words(week.id), ['three', 'two', 'one', 'four <4>']);
  await press(home, 'Trash two');
  assert.deepEqual(await words(week.id), ['three', 'one', 'four <4>']);
  await press('', 'Put back two');
  assert.equal((await words(week.id)).length, 4);

  await press(database, 'Add a row', { title: 'By hand' });
  assert.match(await see(database), /By hand/);
  await press(row, 'Save Status', { value: 'Done' });
  await press(row, 'Save Due Date', { value: '2026-12-24' });
  await press(row, 'Save Optional', { value: 'true' });
  assert.deepEqual([(await page(row)).properties.Status.status.name, (await page(row)).properties['Due Date'].date.start, (await page(row)).properties.Optional.checkbox], ['Done', '2026-12-24', true]);
  await press(row, 'Save Due Date', { value: '' });
  assert.equal((await page(row)).properties['Due Date'].date, null);
  await press(database, 'Rename column Effort', { name: 'Hours' });
  await press(database, 'Delete column Tags');
  const { properties } = await notion.dataSources.retrieve({ data_source_id: source });
  assert.deepEqual([properties.Hours.type, properties.Tags], ['number', undefined]);
  await post(row, { action: 'set', property: 'Hours', value: 'many' }, 400);

  await press(row, 'Hide Read');
  await assert.rejects(page(row), { status: 404 });
  assert.match(await see(row), /Connected apps cannot see this/);
  await post(row, { action: 'share' });
  assert.equal((await page(row)).id, row);
  assert.equal((await block(one.id)).last_edited_by.id, ana);
});
