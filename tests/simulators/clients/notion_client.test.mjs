// The simulated Notion, driven by Notion's own client. After each test every request and every reply is
// held against Notion's API description (skipped where it is absent).
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Client, isFullPage } from '@notionhq/client';
import { Simulator, ana } from './simulator.mjs';
import { Oracle } from './validate.mjs';

let simulator;
let oracle;
let grant;
let notion;
let home;

const text = (content) => [{ type: 'text', text: { content } }];
const toDo = (content, checked = false) => ({ type: 'to_do', to_do: { rich_text: text(content), checked } });
const newClient = (auth) => new Client({
  auth, baseUrl: simulator.url, notionVersion: '2026-03-11', retry: false, logLevel: 'error',
});

/** Rejects with that status and code; answers the error. */
async function refused(promise, status, code) {
  let caught;
  await assert.rejects(promise, (error) => { caught = error; return true; });
  assert.equal(`${caught.status} ${caught.code}`, `${status} ${code}`, caught.message);
  return caught;
}

before(async () => {
  oracle = await Oracle.load(['notion']);
  simulator = await Simulator.start(['--seed', '11']);
});

after(async () => assert.equal(await simulator.stop(), 0));

beforeEach(async () => {
  await simulator.set('POST', 'reset');
  grant = await simulator.connectNotion();
  notion = newClient(grant.access_token);
  const found = await notion.search({ query: 'home', filter: { property: 'object', value: 'page' } });
  home = found.results[0].id;
});

// What the simulator accepted, the description accepts; and every reply is as described. (Requests that are
// wrong on purpose were answered 400.)
afterEach(async () => {
  if (!oracle) return;
  const { checked, failures } = oracle.check(await simulator.requests('?provider=notion&replies=1'));
  assert.ok(checked > 0);
  assert.deepEqual(failures.filter(({ status, problems }) => status !== 400 || problems.some((problem) => problem.startsWith('reply'))), []);
});

test("the replies are held against Notion's API description", (t) => {
  if (!oracle) t.skip('it is not on this machine: MORTISE_SHARED names where to look');
});

const schema = {
  Task: { type: 'title', title: {} },
  'Due Date': { type: 'date', date: {} },
  Status: { type: 'status', status: {} },
  'Resource Link': { type: 'url', url: {} },
  Duration: { type: 'number', number: { format: 'number' } },
  Key: { type: 'rich_text', rich_text: {} },
  Area: { type: 'select', select: { options: [{ name: 'Core', color: 'blue' }] } },
  Done: { type: 'checkbox', checkbox: {} },
  Related: { type: 'people', people: {} },
  No: { type: 'unique_id', unique_id: { prefix: 'T' } },
};

async function makeDatabase() {
  const database = await notion.databases.create({
    parent: { type: 'page_id', page_id: home }, title: text('Plan'), initial_data_source: { properties: schema },
  });
  return { database, source: database.data_sources[0].id };
}

const makeRow = (source, title, properties = {}) => notion.pages.create({
  parent: { type: 'data_source_id', data_source_id: source },
  properties: { Task: { title: text(title) }, ...properties },
});

test('the token belongs to a bot of the workspace that consented', async () => {
  const me = await notion.users.me({});
  assert.equal(me.id, grant.bot_id);
  assert.equal(me.bot.workspace_name, "Ana's Notion");
  assert.equal(me.bot.owner.user.person.email, 'ana.torres@example.com');
  assert.equal(grant.owner.user.id, ana);
});

test('a page is created with two levels of nested blocks in one call', async () => {
  const page = await notion.pages.create({
    parent: { type: 'page_id', page_id: home },
    icon: { type: 'emoji', emoji: '🧭' },
    properties: { title: { title: text('Module 1') } },
    children: [
      { type: 'callout', callout: { rich_text: text('Tick tasks here.'), icon: { type: 'emoji', emoji: '💡' } } },
      { type: 'heading_3', heading_3: { rich_text: text('Week 1'), is_toggleable: true, children: [toDo('Read'), toDo('Write', true)] } },
      { type: 'toggle', toggle: { rich_text: text('Deep'), children: [{ type: 'toggle', toggle: { rich_text: text('Deeper'), children: [toDo('Deepest')] } }] } },
    ],
  });
  assert.ok(isFullPage(page));
  const top = await notion.blocks.children.list({ block_id: page.id });
  assert.deepEqual(top.results.map((block) => block.type), ['callout', 'heading_3', 'toggle']);
  const week = await notion.blocks.children.list({ block_id: top.results[1].id });
  assert.deepEqual(week.results.map((block) => [block.to_do.rich_text[0].plain_text, block.to_do.checked]),
    [['Read', false], ['Write', true]]);
  const parent = await notion.blocks.children.list({ block_id: home });
  assert.equal(parent.results.at(-1).child_page.title, 'Module 1');
});

test('append answers first-level blocks only, and puts them where it is told', async () => {
  const first = await notion.blocks.children.append({ block_id: home, children: [toDo('a'), toDo('b')] });
  assert.equal(first.results.length, 2);
  const middle = await notion.blocks.children.append({
    block_id: home,
    children: [{ type: 'toggle', toggle: { rich_text: text('m'), children: [toDo('inner')] } }, toDo('n')],
    position: { type: 'after_block', after_block: { id: first.results[0].id } },
  });
  assert.deepEqual(middle.results.map((block) => block.type), ['toggle', 'to_do']);
  await notion.blocks.children.append({ block_id: home, children: [toDo('s1'), toDo('s2')], position: { type: 'start' } });
  const all = await notion.blocks.children.list({ block_id: home });
  const words = all.results.map((block) => block[block.type].rich_text[0].plain_text);
  assert.deepEqual(words, ['s1', 's2', 'a', 'm', 'n', 'b']);
});

test('what is to follow must stand there', async () => {
  const { results: [toggle] } = await notion.blocks.children.append({ block_id: home, children: [{ type: 'toggle', toggle: { rich_text: text('m'), children: [toDo('inner')] } }] });
  const [inner] = (await notion.blocks.children.list({ block_id: toggle.id })).results;
  const after = (id) => ({ type: 'after_block', after_block: { id } });
  const attempts = [
    (id) => notion.blocks.children.append({ block_id: home, children: [toDo('x')], position: after(id) }),
    (id) => notion.pages.create({ parent: { type: 'page_id', page_id: home }, properties: { title: { title: text('X') } }, position: after(id) }),
  ];
  for (const attempt of attempts) {
    const { message } = await refused(attempt(inner.id), 400, 'validation_error');
    assert.match(message, /^Block ID \(.*\) to append children after is not parented by /);
    await refused(attempt('11111111-2222-4333-8444-555555555555'), 404, 'object_not_found');
  }
  assert.equal((await notion.blocks.children.list({ block_id: home })).results.length, 1);
});

test('children come in pages, and a trashed cursor still leads on', async () => {
  await notion.blocks.children.append({ block_id: home, children: Array.from({ length: 100 }, (_, i) => toDo(`t${i}`)) });
  await notion.blocks.children.append({ block_id: home, children: Array.from({ length: 30 }, (_, i) => toDo(`u${i}`)) });
  const first = await notion.blocks.children.list({ block_id: home });
  assert.equal(first.results.length, 100);
  assert.equal(first.has_more, true);
  await simulator.set('POST', 'notion/trash', { id: first.next_cursor });
  const rest = await notion.blocks.children.list({ block_id: home, start_cursor: first.next_cursor });
  assert.equal(rest.results.length, 29);
  assert.equal(rest.next_cursor, null);
});

test('a to-do is ticked and renamed without touching the rest', async () => {
  const { results: [block] } = await notion.blocks.children.append({ block_id: home, children: [toDo('old')] });
  const ticked = await notion.blocks.update({ block_id: block.id, to_do: { checked: true } });
  assert.equal(ticked.to_do.checked, true);
  assert.equal(ticked.to_do.rich_text[0].plain_text, 'old');
  const renamed = await notion.blocks.update({ block_id: block.id, to_do: { rich_text: text('new') } });
  assert.equal(renamed.to_do.checked, true);
  assert.equal(renamed.to_do.rich_text[0].plain_text, 'new');
});

test('what lies in the trash is refused until it is put back', async () => {
  const { results: [block] } = await notion.blocks.children.append({ block_id: home, children: [toDo('x')] });
  assert.equal((await notion.blocks.delete({ block_id: block.id })).in_trash, true);
  assert.equal((await notion.blocks.children.list({ block_id: home })).results.length, 0);
  assert.equal((await notion.blocks.retrieve({ block_id: block.id })).in_trash, true);
  await refused(notion.blocks.update({ block_id: block.id, to_do: { checked: true } }), 400, 'validation_error');
  assert.equal((await notion.blocks.update({ block_id: block.id, in_trash: false })).in_trash, false);
});

test('rows carry every kind of value, and only the named ones change', async () => {
  const { source } = await makeDatabase();
  const row = await makeRow(source, 'Write', {
    'Due Date': { date: { start: '2026-11-25T18:00:00', time_zone: 'Europe/Madrid' } },
    Status: { status: { name: 'Not started' } },
    'Resource Link': { url: 'https://example.com/a' },
    Duration: { number: 90 },
    Key: { rich_text: text('task:1') },
    Area: { select: { name: 'New area' } },
    Related: { people: [{ object: 'user', id: ana }] },
  });
  assert.equal(row.properties['Due Date'].date.start, '2026-11-25T18:00:00.000+01:00');
  assert.equal(row.properties['Due Date'].date.time_zone, null);
  assert.equal(row.properties.No.unique_id.number, 1);
  const changed = await notion.pages.update({ page_id: row.id, properties: { Status: { status: { name: 'Done' } } } });
  assert.equal(changed.properties.Status.status.name, 'Done');
  assert.equal(changed.properties.Duration.number, 90);
  const table = await notion.dataSources.retrieve({ data_source_id: source });
  assert.deepEqual(table.properties.Area.select.options.map((option) => option.name), ['Core', 'New area']);
  await refused(notion.pages.update({ page_id: row.id, properties: { Status: { status: { name: 'Nope' } } } }), 400, 'validation_error');
  await refused(notion.pages.update({ page_id: row.id, properties: { Nope: { number: 1 } } }), 400, 'validation_error');
});

test('a property is renamed, removed and added while its id stays', async () => {
  const { source } = await makeDatabase();
  const row = await makeRow(source, 'Row', { Duration: { number: 5 } });
  const before_ = await notion.dataSources.retrieve({ data_source_id: source });
  const id = before_.properties.Duration.id;
  const renamed = await notion.dataSources.update({ data_source_id: source, properties: { [id]: { name: 'Hours' }, Done: null, Extra: { email: {} } } });
  assert.equal(renamed.properties.Hours.id, id);
  assert.equal(renamed.properties.Done, undefined);
  assert.equal(renamed.properties.Extra.type, 'email');
  assert.equal((await notion.pages.retrieve({ page_id: row.id })).properties.Hours.number, 5);
  assert.equal((await notion.pages.properties.retrieve({ page_id: row.id, property_id: id })).number, 5);
});

test('queries filter, sort and page', async () => {
  const { source } = await makeDatabase();
  for (let i = 0; i < 5; ++i) {
    await makeRow(source, `Task ${i}`, {
      Duration: { number: i * 10 }, Key: { rich_text: text(`task:${i}`) }, Done: { checkbox: i % 2 === 0 },
      'Due Date': { date: { start: `2026-12-0${i + 1}` } },
    });
  }
  const query = async (filter, sorts) => (await notion.dataSources.query({ data_source_id: source, filter, sorts }))
    .results.map((row) => row.properties.Task.title[0].plain_text);
  assert.deepEqual(await query({ property: 'Key', rich_text: { equals: 'task:3' } }), ['Task 3']);
  assert.deepEqual(await query({ and: [{ property: 'Done', checkbox: { equals: true } }, { property: 'Duration', number: { greater_than: 0 } }] },
    [{ property: 'Duration', direction: 'descending' }]), ['Task 4', 'Task 2']);
  assert.deepEqual(await query({ or: [{ property: 'Task', title: { contains: 'task 1' } }, { property: 'Due Date', date: { on_or_after: '2026-12-05' } }] },
    [{ timestamp: 'created_time', direction: 'ascending' }]), ['Task 1', 'Task 4']);
  const first = await notion.dataSources.query({ data_source_id: source, page_size: 2, sorts: [{ property: 'Duration', direction: 'ascending' }] });
  assert.equal(first.has_more, true);
  const second = await notion.dataSources.query({ data_source_id: source, page_size: 2, start_cursor: first.next_cursor, sorts: [{ property: 'Duration', direction: 'ascending' }] });
  assert.deepEqual(second.results.map((row) => row.properties.Duration.number), [20, 30]);
  await refused(notion.dataSources.query({ data_source_id: source, filter: { property: 'Gone', number: { equals: 1 } } }), 400, 'validation_error');
});

test('at the ceiling a query ends without having told everything, and says so', async () => {
  const { source } = await makeDatabase();
  for (let i = 0; i < 7; ++i) await makeRow(source, `Row ${i}`);
  await simulator.set('PUT', 'limits', { notion_query_rows: 5 });
  const first = await notion.dataSources.query({ data_source_id: source, page_size: 3 });
  assert.equal(first.request_status, undefined);
  const last = await notion.dataSources.query({ data_source_id: source, page_size: 3, start_cursor: first.next_cursor });
  assert.equal(last.results.length, 2);
  assert.equal(last.has_more, false);
  assert.deepEqual(last.request_status, { type: 'incomplete', incomplete_reason: 'query_result_limit_reached' });
});

test('edit times are rounded to the minute and climb to the page', async () => {
  await simulator.set('PUT', 'clock', { now_ms: Date.parse('2026-11-20T10:00:59.900Z') });
  const { results: [toggle] } = await notion.blocks.children.append({ block_id: home, children: [{ type: 'toggle', toggle: { rich_text: text('w'), children: [toDo('t')] } }] });
  const [inner] = (await notion.blocks.children.list({ block_id: toggle.id })).results;
  assert.equal(inner.created_time, '2026-11-20T10:00:00.000Z');
  await simulator.set('PUT', 'clock', { advance_ms: 180_000 });
  await notion.blocks.update({ block_id: inner.id, to_do: { checked: true } });
  assert.equal((await notion.pages.retrieve({ page_id: home })).last_edited_time, '2026-11-20T10:03:00.000Z');
  assert.equal((await notion.blocks.retrieve({ block_id: toggle.id })).last_edited_time, '2026-11-20T10:00:00.000Z');
});

test('long values stop at 25 in a page and go on in the property call', async () => {
  const { source } = await makeDatabase();
  const parts = Array.from({ length: 60 }, (_, i) => ({ type: 'text', text: { content: `${i} ` } }));
  const row = await makeRow(source, 'Long', { Key: { rich_text: parts } });
  assert.equal(row.properties.Key.rich_text.length, 25);
  const items = await notion.pages.properties.retrieve({ page_id: row.id, property_id: row.properties.Key.id, page_size: 40 });
  assert.equal(items.results.length, 40);
  assert.equal(items.results[39].rich_text.plain_text, '39 ');
  assert.ok(items.property_item.next_url.includes('start_cursor='));
});

test('every size limit is a validation error that names the place', async () => {
  const { source } = await makeDatabase();
  const children = (count) => Array.from({ length: count }, () => toDo('x'));
  const append = (blocks) => notion.blocks.children.append({ block_id: home, children: blocks });
  const nest = (depth) => (depth === 0 ? toDo('leaf') : { type: 'toggle', toggle: { rich_text: text('t'), children: [nest(depth - 1)] } });
  const wide = Array.from({ length: 11 }, () => ({ type: 'toggle', toggle: { rich_text: text('t'), children: children(100) } }));
  const cases = [
    [() => append(children(101)), /body\.children\.length should be ≤ `100`/],
    [() => append([nest(3)]), /children should be not present/],
    [() => append(wide), /≤ `1000`/],
    [() => append([toDo('é'.repeat(2001))]), /text\.content\.length should be ≤ `2000`, instead was `2001`/],
    [() => append([{ type: 'to_do', to_do: { rich_text: Array.from({ length: 101 }, () => text('x')[0]) } }]), /rich_text\.length should be ≤ `100`/],
    [() => append([{ type: 'bookmark', bookmark: { url: `https://e.com/${'a'.repeat(2000)}` } }]), /url\.length should be ≤ `2000`/],
    [() => append([{ type: 'equation', equation: { expression: 'x'.repeat(1001) } }]), /expression\.length should be ≤ `1000`/],
    [() => append([{ type: 'code', code: { rich_text: text('x'), language: 'klingon' } }]), /language/],
    [() => append([{ type: 'to_do', to_do: { rich_text: [{ type: 'text', text: { content: 'x', link: { url: `/${home.replaceAll('-', '')}` } } }] } }]), /Invalid URL for link/],
    [() => makeRow(source, 'x', { Area: { select: { name: 'a,b' } } }), /commas not allowed/],
    [() => makeRow(source, 'x', { Area: { select: { name: 'a'.repeat(101) } } }), /≤ `100`/],
    [() => makeRow(source, 'x', { Key: { rich_text: text('y'.repeat(2001)) } }), /≤ `2000`/],
    [() => append(Array.from({ length: 100 }, () => ({ to_do: { rich_text: [...text('é'.repeat(2000)), ...text('é'.repeat(2000))] } }))), /500 KB/],
  ];
  for (const [attempt, message] of cases) {
    const error = await refused(attempt(), 400, 'validation_error');
    assert.match(error.message, message);
  }
  // 2000 UTF-16 units are 1000 emoji.
  await append([toDo('😀'.repeat(1000))]);
});

test('a full free plan refuses new blocks and says why', async () => {
  await simulator.set('POST', 'notion/plan', { user: ana, block_limit: 3 });
  await notion.blocks.children.append({ block_id: home, children: [toDo('1'), toDo('2')] });
  const error = await refused(notion.blocks.children.append({ block_id: home, children: [toDo('3'), toDo('4')] }), 403, 'restricted_resource');
  assert.equal(error.additional_data.block_limit, 'block_creation');
});

test('what is not shared looks like it does not exist', async () => {
  const learning = (await notion.search({ query: 'Learning' })).results[0].id;
  await simulator.set('POST', 'notion/share', { user: ana, pages: [learning] });
  await refused(notion.pages.retrieve({ page_id: home }), 404, 'object_not_found');
  assert.equal((await notion.pages.retrieve({ page_id: learning })).id, learning);
  await refused(notion.pages.retrieve({ page_id: grant.bot_id }), 404, 'object_not_found');
});

test('pages move, are found by title, and go to the trash with what is on them', async () => {
  const { source } = await makeDatabase();
  const page = await notion.pages.create({ parent: { page_id: home }, properties: { title: { title: text('Wanderer') } }, children: [toDo('on it')] });
  const moved = await notion.pages.move({ page_id: page.id, parent: { type: 'data_source_id', data_source_id: source } });
  assert.equal(moved.parent.data_source_id, source);
  assert.equal(moved.properties.Task.title[0].plain_text, 'Wanderer');
  assert.equal((await notion.search({ query: 'wander' })).results.length, 1);
  await notion.pages.update({ page_id: page.id, in_trash: true });
  assert.equal((await notion.search({ query: 'wander' })).results.length, 0);
  assert.equal((await notion.dataSources.query({ data_source_id: source })).results.length, 0);
  assert.equal((await notion.pages.retrieve({ page_id: page.id })).in_trash, true);
});

test('the limit of 180 requests a minute answers 429 with Retry-After', async () => {
  await simulator.set('PUT', 'limits', { notion_per_connection: 3 });
  for (let i = 0; i < 3; ++i) await notion.users.me({});
  const error = await refused(notion.users.me({}), 429, 'rate_limited');
  const wait = Number(error.headers.get('retry-after'));
  assert.ok(wait >= 59 && wait <= 60, `Retry-After was ${wait}`);
  assert.equal(error.additional_data.rate_limit_reason, 'public_api_request_rate_limit');
  await simulator.set('PUT', 'clock', { advance_ms: 60_001 });
  await notion.users.me({});
  await simulator.set('PUT', 'limits', { notion_per_connection: 0, notion_workspace: 1 });
  await notion.users.me({});
  assert.equal((await refused(notion.users.me({}), 429, 'rate_limited')).additional_data.rate_limit_reason, 'public_api_space_request_rate_limit');
});

test('a missing version, a wrong path, bad JSON: each has its own code', async () => {
  const raw = async (path, headers, body) => {
    const answer = await fetch(`${simulator.url}${path}`, { method: body ? 'POST' : 'GET', headers: { authorization: `Bearer ${grant.access_token}`, ...headers }, body });
    const json = await answer.json();
    assert.equal(answer.headers.get('x-notion-request-id'), json.request_id);
    return `${answer.status} ${json.code}`;
  };
  const version = { 'notion-version': '2026-03-11' };
  assert.equal(await raw('/v1/users/me', {}), '400 missing_version');
  assert.equal(await raw('/v1/nothing', version), '400 invalid_request_url');
  assert.equal(await raw('/v1/pages', version, '{"parent":'), '400 invalid_json');
  assert.equal(await raw('/v1/pages', version, '['.repeat(400_000)), '400 invalid_json');
  assert.equal(await raw('/v1/pages', version, `{"parent":${'['.repeat(200_000)}${']'.repeat(200_000)}}`), '400 invalid_json');
  assert.equal(await raw('/v1/pages/none', version), '400 validation_error');
  assert.equal(await raw('/v1/users/me', { ...version, authorization: 'Bearer nobody' }), '401 unauthorized');
  const answer = await notion.request({ path: `blocks/${home}/children`, method: 'patch', body: { children: [toDo('x')], after: home } }).catch((error) => error);
  assert.equal(answer.code, 'validation_error');
});
