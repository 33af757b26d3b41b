// The simulated Notion's webhooks, received by a small server. Every event is held against Notion's API
// description (skipped where it is absent).
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Client } from '@notionhq/client';
import { Receiver } from './receiver.mjs';
import { Simulator, ana, ben } from './simulator.mjs';
import { Oracle } from './validate.mjs';

let simulator;
let oracle;
let receiver;
let grant;
let notion;
let home;
let token;

const text = (content) => [{ type: 'text', text: { content } }];
const toDo = (content) => ({ type: 'to_do', to_do: { rich_text: text(content) } });
const person = (action, body = {}) => simulator.set('POST', `notion/${action}`, body);
const hmac = (key, raw) => `sha256=${createHmac('sha256', key).update(raw).digest('hex')}`;
const kinds = (events) => events.map(({ type }) => type).sort();
const newClient = (auth) => new Client({ auth, baseUrl: simulator.url, notionVersion: '2026-03-11', retry: false, logLevel: 'error' });

/** Everything told so far, each checked: signature, shape. */
async function told() {
  await person('flush');
  return receiver.take().map(({ method, path, headers, raw }) => {
    assert.deepEqual([method, path, headers['content-type']], ['POST', '/hooks/notion', 'application/json']);
    assert.equal(headers['x-notion-signature'], hmac(token, raw));
    const event = JSON.parse(raw);
    if (oracle) assert.equal(oracle.notion.webhook(event), undefined, raw);
    return event;
  });
}

/** A subscription, verified by hand. Events are gathered until someone asks, however slow the machine. */
async function subscribe(options = {}) {
  await person('webhook_settings', { merge_ms: 3_600_000 });
  await person('subscribe', { url: `${receiver.url}/hooks/notion`, ...options });
  const [handshake] = receiver.take();
  token = JSON.parse(handshake.raw).verification_token;
  await person('confirm', { token });
}

async function makeTable() {
  const database = await notion.databases.create({
    parent: { type: 'page_id', page_id: home }, title: text('Plan'), initial_data_source: { properties: { Task: { title: {} }, Status: { status: {} }, Effort: { number: {} } } },
  });
  const source = database.data_sources[0].id;
  const row = await notion.pages.create({ parent: { type: 'data_source_id', data_source_id: source }, properties: { Task: { title: text('Read') } } });
  return { database: database.id, source, row: row.id };
}

before(async () => {
  oracle = await Oracle.load(['notion']);
  simulator = await Simulator.start(['--seed', '13']);
});
after(async () => assert.equal(await simulator.stop(), 0));

beforeEach(async () => {
  await simulator.set('POST', 'reset');
  await simulator.set('PUT', 'clock', { now_ms: Date.parse('2026-11-20T10:00:59.125Z') });
  receiver = await Receiver.start();
  grant = await simulator.connectNotion();
  notion = newClient(grant.access_token);
  home = (await person('find', { user: ana, text: 'Home' })).results[0].id;
});
afterEach(() => receiver.stop());

test("the events are held against Notion's API description", (t) => {
  if (!oracle) t.skip('it is not on this machine: MORTISE_SHARED names where to look');
});

test('a subscription is verified by a token that goes to its URL and comes back by hand', async () => {
  const made = await person('subscribe', { url: `${receiver.url}/hooks/notion` });
  const [handshake] = receiver.take();
  const { verification_token: sent, ...rest } = JSON.parse(handshake.raw);
  assert.match(sent, /^secret_\w{43}$/);
  assert.deepEqual([sent, rest, handshake.headers['x-notion-signature']], [made.token, {}, undefined]);
  await person('add_to_do', { id: home, text: 'before' });
  await person('flush');
  assert.deepEqual(receiver.take(), []);
  assert.equal((await simulator.control('POST', 'notion/confirm', { token: 'secret_other' })).status, 400);
  await person('resend_token');
  assert.equal(JSON.parse(receiver.take()[0].raw).verification_token, sent);
  await person('change_subscription', { url: `${receiver.url}/hooks/notion?moved` });
  await person('confirm', { token: sent });
  assert.equal((await simulator.control('POST', 'notion/change_subscription', { url: receiver.url })).status, 400);
  assert.equal((await simulator.control('POST', 'notion/subscribe', { url: receiver.url })).status, 400);
  await person('add_to_do', { id: home, text: 'after' });
  await person('flush');
  assert.equal(receiver.take()[0].path, '/hooks/notion?moved');
  await person('unsubscribe');
  await person('add_to_do', { id: home, text: 'never' });
  await person('flush');
  assert.deepEqual(receiver.take(), []);
  assert.equal((await simulator.control('POST', 'notion/subscribe', { url: 'ftp://127.0.0.1/x' })).status, 400);
});

test('a refused handshake is not tried again', async () => {
  receiver.answerWith(500);
  await person('subscribe', { url: `${receiver.url}/hooks/notion` });
  const { counters, waiting } = await person('webhooks');
  assert.deepEqual([counters.refused, counters.tried_again, waiting], [1, 0, 0]);
});

test('an event says who, where and what, and nothing of the content', async () => {
  await subscribe();
  const made = await person('add_to_do', { id: home, text: 'secret words' });
  const [event] = await told();
  assert.equal(event.type, 'page.content_updated');
  assert.equal(event.timestamp, '2026-11-20T10:00:59.125Z');
  assert.deepEqual(event.entity, { id: home, type: 'page' });
  assert.deepEqual(event.authors, [{ id: ana, type: 'person' }]);
  assert.deepEqual(event.accessible_by, [{ id: ana, type: 'person' }, { id: grant.bot_id, type: 'bot' }]);
  assert.deepEqual(event.data, { parent: { id: grant.workspace_id, type: 'space' }, updated_blocks: [{ id: made.id, type: 'block' }] });
  assert.deepEqual([event.workspace_id, event.workspace_name, event.attempt_number, event.api_version], [grant.workspace_id, "Ana's Notion", 1, '2026-03-11']);
  assert.ok(!JSON.stringify(event).includes('secret words'));
});

test('a burst is one event: blocks and authors are gathered until it goes out', async () => {
  await subscribe();
  const [first, second] = (await notion.blocks.children.append({ block_id: home, children: [toDo('a'), toDo('b')] })).results;
  await simulator.set('PUT', 'clock', { advance_ms: 300 });
  await person('tick', { id: first.id });
  await person('rename', { id: second.id, title: 'B' });
  const [event, ...more] = await told();
  assert.deepEqual(more, []);
  assert.deepEqual(event.data.updated_blocks.map(({ id }) => id), [first.id, second.id]);
  assert.deepEqual(event.authors, [{ id: grant.bot_id, type: 'bot' }, { id: ana, type: 'person' }]);
  assert.equal(event.timestamp, '2026-11-20T10:00:59.425Z');
  await person('tick', { id: first.id, checked: false });
  assert.deepEqual((await told())[0].data.updated_blocks, [{ id: first.id, type: 'block' }]);
});

test('an event closes when its time is up, and when it is full', async () => {
  await subscribe();
  await notion.blocks.children.append({ block_id: home, children: Array.from({ length: 100 }, (_, i) => toDo(`${i}`)) });
  await person('add_to_do', { id: home, text: 'one too many' });
  const full = await told();
  assert.deepEqual(full.map(({ data }) => data.updated_blocks.length), [100, 1]);
  await person('webhook_settings', { merge_ms: 5_000, paused: true });
  await person('add_to_do', { id: home, text: 'x' });
  await simulator.set('PUT', 'clock', { advance_ms: 5_001 });
  await person('add_to_do', { id: home, text: 'y' });
  assert.equal((await told()).length, 2);
});

test('without merging every edit is told as it happens, with no one asking', async () => {
  await subscribe();
  await person('webhook_settings', { merge_ms: 0 });
  const made = await person('add_to_do', { id: home, text: 'x' });
  await receiver.received(1);
  await person('tick', { id: made.id });
  await receiver.received(2);
  assert.deepEqual(kinds(await told()), ['page.content_updated', 'page.content_updated']);
});

test('time set forward lets what waits go out', async () => {
  await subscribe();
  await person('add_to_do', { id: home, text: 'x' });
  assert.equal((await person('webhooks')).waiting, 1);
  await simulator.set('PUT', 'clock', { advance_ms: 3_600_000 });
  assert.equal((await receiver.received(1)).length, 1);
});

test('rows, tables and pages tell their own kinds of event', async () => {
  await subscribe();
  const { database, source, row } = await makeTable();
  const created = await told();
  assert.deepEqual(kinds(created), ['data_source.content_updated', 'data_source.created', 'database.created', 'page.content_updated', 'page.created']);
  const made = created.find(({ type }) => type === 'page.created');
  assert.deepEqual(made.data.parent, { id: database, type: 'database', data_source_id: source });
  const rows = created.find(({ type }) => type === 'data_source.content_updated');
  assert.deepEqual([rows.entity, rows.data.updated_blocks], [{ id: source, type: 'data_source' }, [{ id: row, type: 'page' }]]);

  await person('set', { id: row, property: 'Effort', value: 2 });
  await person('set', { id: row, property: 'Status', value: 'Done' });
  const { properties } = await notion.pages.retrieve({ page_id: row });
  const [values, ...none] = await told();
  assert.deepEqual(none, []);
  assert.deepEqual([values.type, values.entity.id, values.data.updated_properties], ['page.properties_updated', row, [properties.Effort.id, properties.Status.id]]);

  await person('rename_property', { id: source, property: 'Effort', name: 'Hours' });
  await person('schema', { id: source, properties: { Extra: { email: {} } } });
  await person('remove_property', { id: source, property: 'Status' });
  const [columns] = await told();
  assert.equal(columns.type, 'data_source.schema_updated');
  assert.deepEqual(columns.data.updated_properties.map(({ name, action }) => `${action} ${name}`), ['updated Hours', 'created Extra', 'deleted Status']);

  await person('trash', { id: row });
  assert.deepEqual(kinds(await told()), ['data_source.content_updated', 'page.deleted']);
  await person('restore', { id: row });
  assert.deepEqual(kinds(await told()), ['data_source.content_updated', 'page.undeleted']);
  await person('move', { id: row, parent: home });
  assert.deepEqual(kinds(await told()), ['data_source.content_updated', 'page.content_updated', 'page.moved']);
  await notion.pages.update({ page_id: row, is_locked: true });
  await notion.pages.update({ page_id: row, is_locked: false });
  assert.deepEqual(kinds(await told()), ['page.locked', 'page.unlocked']);
  await notion.databases.update({ database_id: database, in_trash: true });
  assert.deepEqual(kinds(await told()), ['database.deleted', 'page.content_updated']);
});

test('only the chosen events are told, and only of what the app sees', async () => {
  await subscribe({ events: ['page.created'] });
  const page = await person('create_page', { id: home, properties: { title: { title: text('New') } } });
  assert.deepEqual(kinds(await told()), ['page.created']);
  await person('change_subscription', { events: ['page.content_updated', 'page.deleted'] });
  await person('unshare', { id: page.id });
  assert.deepEqual(await told(), []);
  await person('add_to_do', { id: page.id, text: 'unseen' });
  const benHome = (await person('find', { user: ben, text: 'Home' })).results[0].id;
  await person('add_to_do', { id: benHome, text: 'nobody connected this' });
  assert.deepEqual(await told(), []);
  await simulator.connectNotion({ user: ben });
  await person('add_to_do', { id: benHome, text: 'now seen' });
  const [event] = await told();
  assert.deepEqual([event.workspace_name, event.accessible_by[0].id], ["Ben's Notion", ben]);
  assert.equal((await simulator.control('POST', 'notion/change_subscription', { events: ['page.eaten'] })).status, 400);
});

test('a refused event is tried up to eight times, each signed anew, within a day', async () => {
  await subscribe();
  receiver.answerWith(...Array.from({ length: 9 }, () => 503));
  await person('add_to_do', { id: home, text: 'x' });
  for (let i = 0; i < 9; ++i) await person('flush');
  const tries = receiver.take();
  assert.deepEqual(tries.map(({ raw }) => JSON.parse(raw).attempt_number), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(new Set(tries.map(({ raw }) => JSON.parse(raw).id)).size, 1);
  for (const { headers, raw } of tries) assert.equal(headers['x-notion-signature'], hmac(token, raw));
  const waits = (await person('webhooks')).settings.retry_after_ms;
  const hours = waits.reduce((sum, wait_ms) => sum + wait_ms, 0) / 3_600_000;
  assert.ok(waits.length === 7 && hours > 23 && hours < 25, `${hours} h`);
  const { counters, waiting } = await person('webhooks');
  assert.deepEqual([counters.refused, counters.given_up, counters.statuses['503'], waiting], [8, 1, 8, 0]);
});

test('events are lost, doubled and overtaken on request', async () => {
  await subscribe();
  await person('webhook_settings', { merge_ms: 0, duplicate_every: 2 });
  await person('add_to_do', { id: home, text: 'x' });
  await person('add_to_do', { id: home, text: 'y' });
  const ids = (await told()).map(({ id }) => id);
  assert.deepEqual([ids.length, new Set(ids).size], [3, 2]);
  await person('webhook_settings', { duplicate_every: 0, lose_every: 1 });
  await person('add_to_do', { id: home, text: 'z' });
  assert.deepEqual(await told(), []);
  await person('webhook_settings', { lose_every: 0, late_every: 2, late_ms: 60_000 });
  const made = [];
  for (const word of ['a', 'b', 'c', 'd']) made.push((await person('add_to_do', { id: home, text: word })).id);
  await receiver.received(2);
  const order = (await told()).map(({ data }) => made.indexOf(data.updated_blocks[0].id));
  assert.notDeepEqual(order, [0, 1, 2, 3]);
  assert.deepEqual([...order].sort(), [0, 1, 2, 3]);
});

test('a delivery is repeated as it was, and a forged one has no right signature', async () => {
  await subscribe();
  await person('add_to_do', { id: home, text: 'x' });
  const [event] = await told();
  const { deliveries } = await person('webhooks');
  await person('redeliver', { notification: deliveries.at(-1).notification });
  assert.deepEqual(await told(), [event]);
  assert.equal((await simulator.control('POST', 'notion/redeliver', { notification: 9_999 })).status, 404);

  const forged = async (body) => {
    await person('forge', body);
    return receiver.take()[0];
  };
  const wrong = await forged({ id: home, type: 'page.deleted' });
  assert.equal(JSON.parse(wrong.raw).type, 'page.deleted');
  assert.notEqual(wrong.headers['x-notion-signature'], hmac(token, wrong.raw));
  assert.equal((await forged({ id: home, signature: 'none' })).headers['x-notion-signature'], undefined);
  assert.equal((await forged({ body: '{"verification_token":"secret_mine"}', signature: 'none' })).raw, '{"verification_token":"secret_mine"}');
  const right = await forged({ body: 'not json', signature: 'right' });
  assert.equal(right.headers['x-notion-signature'], hmac(token, 'not json'));
});

test('the app hears of its own writes too, as their author', async () => {
  await subscribe();
  await notion.blocks.children.append({ block_id: home, children: [toDo('mine')] });
  assert.deepEqual((await told())[0].authors, [{ id: grant.bot_id, type: 'bot' }]);
});

test('words that are no text come through as replacement characters', async () => {
  await subscribe();
  const { source } = await makeTable();
  await told();
  const form = (path, body) => fetch(`${simulator.url}/notion/${path}`, { method: 'POST', body, redirect: 'manual', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  assert.equal((await form(source, 'action=rename_property&property=Effort&name=%ff%fe')).status, 303);
  assert.deepEqual((await told())[0].data.updated_properties.map(({ name }) => name), ['\ufffd\ufffd']);
  assert.equal((await form('webhooks', 'action=confirm&token=%ff')).status, 400);
  assert.equal((await form(home, 'action=move&parent=%ff')).status, 404);
});

test('subscription and waiting events survive a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mortise-notion-webhooks-'));
  const first = simulator;
  try {
    const state = ['--state', join(folder, 'state.json')];
    simulator = await Simulator.start(state);
    await simulator.connectNotion();
    await subscribe();
    await person('webhook_settings', { paused: true });
    const page = (await person('find', { user: ana, text: 'Home' })).results[0].id;
    await person('add_to_do', { id: page, text: 'x' });
    assert.equal(await simulator.stop(), 0);
    simulator = await Simulator.start(state);
    const report = await person('webhooks');
    assert.deepEqual([report.waiting, report.settings.paused, report.subscriptions[0].confirmed], [1, true, true]);
    assert.equal((await told())[0].entity.id, page);
    assert.equal(await simulator.stop(), 0);
  } finally {
    simulator = first;
    await rm(folder, { recursive: true, force: true });
  }
});

test('a person subscribes, verifies and looks on in the settings page', async () => {
  const page = async () => (await fetch(`${simulator.url}/notion/webhooks`)).text();
  const post = (form) => fetch(`${simulator.url}/notion/webhooks`, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
  assert.match(await (await fetch(`${simulator.url}/notion`)).text(), /href="\/notion\/webhooks"/);
  assert.match(await page(), /Create subscription/);
  assert.equal((await post({ action: 'subscribe', client: 'mortise-simulated', url: `${receiver.url}/hooks/notion`, events: 'page.content_updated' })).status, 303);
  token = JSON.parse(receiver.take()[0].raw).verification_token;
  const waiting = await page();
  assert.match(waiting, /Waiting to be verified/);
  assert.ok(!waiting.includes(token), 'the page does not show the token');
  const [, subscription] = /name="subscription" value="([^"]+)"/.exec(waiting);
  const refused = await post({ action: 'confirm', subscription, token: 'secret_<b>' });
  assert.equal(refused.status, 400);
  assert.equal((await post({ action: 'confirm', subscription, token })).status, 303);
  assert.match(await page(), /Active/);
  await post({ action: 'webhook_settings', paused: '1' });
  await person('rename', { id: home, title: 'Ho<i>me' });
  await person('add_to_do', { id: home, text: 'x' });
  assert.match(await page(), /1 waiting/);
  assert.equal((await post({ action: 'flush' })).status, 303);
  assert.deepEqual(kinds(await told()), ['page.content_updated']);
  const listed = await page();
  assert.match(listed, /page\.content_updated Ho&lt;i&gt;me/);
  const [, notification] = /name="notification" value="(\d+)"/.exec(listed);
  await post({ action: 'redeliver', notification });
  assert.equal((await told()).length, 1);
  assert.equal((await post({ action: 'eat' })).status, 400);
});
