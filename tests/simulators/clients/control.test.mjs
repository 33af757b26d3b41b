// The control API: clock, faults, log, counters, limits, state, and the pages for people.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Simulator } from './simulator.mjs';

let simulator;
let grant;
let home;

before(async () => { simulator = await Simulator.start(['--seed', '3']); });
after(async () => assert.equal(await simulator.stop(), 0));
beforeEach(async () => {
  await simulator.set('POST', 'reset');
  grant = await simulator.connectNotion();
  home = (await (await call('POST', 'search', { query: 'home' })).json()).results[0].id;
  await simulator.set('DELETE', 'requests');
  await simulator.set('DELETE', 'counters');
});

function call(method, path, body, options = {}) {
  return fetch(`${simulator.url}/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${grant.access_token}`, 'notion-version': '2026-03-11', 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
    ...options,
  });
}

const toDos = (...words) => ({ children: words.map((content) => ({ to_do: { rich_text: [{ text: { content } }] } })) });
const append = (word, options) => call('PATCH', `blocks/${home}/children`, toDos(word), options);
const fault = (rule) => simulator.set('POST', 'faults', { provider: 'notion', ...rule });
const words = async () => (await (await call('GET', `blocks/${home}/children`)).json()).results.map((block) => block.to_do.rich_text[0].plain_text);

test('the clock freezes, advances and follows the machine again', async () => {
  assert.equal((await simulator.set('PUT', 'clock', { now_ms: 1_700_000_000_000 })).frozen, true);
  assert.equal((await simulator.set('PUT', 'clock', { advance_ms: 500 })).now_ms, 1_700_000_000_500);
  assert.equal((await simulator.set('GET', 'clock')).now_ms, 1_700_000_000_500);
  const now = await simulator.set('PUT', 'clock', { system: true });
  assert.ok(Math.abs(now.now_ms - Date.now()) < 5_000 && !now.frozen);
  assert.equal((await simulator.control('PUT', 'clock', { when: 1 })).status, 400);
});

test('errors before the write leave nothing behind, each in its shape', async () => {
  for (const [kind, status, code] of [['409', 409, 'conflict_error'], ['429', 429, 'rate_limited'], ['529', 529, 'service_overload'], ['500', 500, 'internal_server_error'],
    ['502', 502, 'bad_gateway'], ['503', 503, 'service_unavailable'], ['504', 504, 'gateway_timeout']]) {
    await fault({ kind, times: 1, write: true, retry_after_s: 7 });
    const answer = await append('never');
    assert.equal(answer.status, status);
    assert.equal((await answer.json()).code, code);
    if (status === 429) assert.equal(answer.headers.get('retry-after'), '7');
  }
  assert.deepEqual(await words(), []);
  const counters = (await simulator.set('GET', 'counters')).notion;
  assert.deepEqual([counters.writes, counters.applied_writes, counters.faults, counters.refused], [7, 0, 7, 2]);
});

test('errors after the write leave it done, and tell what was committed if asked', async () => {
  await fault({ kind: '503_after', nth: 1, write: true });
  assert.equal((await append('one')).status, 503);
  await fault({ kind: '503_after', nth: 1, write: true, says_committed: true });
  const told = (await (await append('two')).json()).additional_data;
  assert.equal(told.committed_resource_id, home);
  assert.equal(told.retry_guidance, 'Do not repeat the write.');
  assert.deepEqual(await words(), ['one', 'two']);
  const list = await (await call('GET', `blocks/${home}/children`)).json();
  assert.deepEqual(told.committed_child_ids, [list.results[1].id]);
  await fault({ kind: '503_after', nth: 1, write: true, says_committed: true });
  const page = await (await call('POST', 'pages', { parent: { page_id: home } })).json();
  assert.equal((await call('GET', `pages/${page.additional_data.committed_resource_id}`)).status, 200);
});

test('dropped connections: before nothing happened, after everything did', async () => {
  await fault({ kind: 'drop_before', nth: 1, write: true });
  await assert.rejects(append('lost'));
  await fault({ kind: 'drop_after', nth: 1, write: true });
  await assert.rejects(append('kept'));
  assert.deepEqual(await words(), ['kept']);
  const [lost, kept] = await simulator.requests();
  assert.deepEqual([lost.status, lost.applied, kept.status, kept.applied], [0, false, 0, true]);
});

test('a held answer comes when it is released, and is dropped when the client goes', async () => {
  await fault({ kind: 'hold_after', write: true, times: 2 });
  const waiting = append('held');
  while ((await simulator.set('GET', 'holds')).held === 0);
  assert.deepEqual(await words(), ['held']);
  await simulator.set('POST', 'holds/release');
  assert.equal((await waiting).status, 200);
  const gone = new AbortController();
  const aborted = append('left', { signal: gone.signal });
  while ((await simulator.set('GET', 'holds')).held === 0);
  gone.abort();
  await assert.rejects(aborted);
  while ((await simulator.set('GET', 'holds')).held > 0);
  assert.deepEqual(await words(), ['held', 'left']);
});

test('cut JSON, a slow body, a delay, and the edge that blocks', async () => {
  await fault({ kind: 'truncated_json', nth: 1, write: true });
  const cut = await append('cut');
  assert.equal(cut.status, 200);
  await assert.rejects(cut.json());
  await fault({ kind: 'slow_body', nth: 1, write: true, delay_ms: 200 });
  const before_ = performance.now();
  assert.equal((await (await append('slow')).json()).results.length, 1);
  assert.ok(performance.now() - before_ >= 90);
  await fault({ kind: 'delay_ms', nth: 1, write: true, delay_ms: 120 });
  const start = performance.now();
  assert.equal((await append('late')).status, 200);
  assert.ok(performance.now() - start >= 110);
  await fault({ kind: 'html_403', nth: 1 });
  const blocked = await append('blocked');
  assert.equal(blocked.status, 403);
  assert.ok((await blocked.text()).startsWith('<!doctype html>'));
  assert.equal(blocked.headers.get('x-notion-request-id'), null);
  assert.deepEqual(await words(), ['cut', 'slow', 'late']);
});

test('rules match by method, path and count, and can be taken back', async () => {
  const { id } = await fault({ kind: '500', method: 'GET', path_prefix: '/v1/users', every: 2 });
  const statuses = [];
  for (let i = 0; i < 4; ++i) statuses.push((await call('GET', 'users/me')).status);
  assert.deepEqual(statuses, [200, 500, 200, 500]);
  assert.equal((await call('GET', `pages/${home}`)).status, 200);
  const [rule] = (await simulator.set('GET', 'faults')).faults;
  assert.deepEqual([rule.matched, rule.fired], [4, 2]);
  await simulator.set('DELETE', `faults/${id}`);
  assert.equal((await call('GET', 'users/me')).status, 200);
  assert.equal((await simulator.control('POST', 'faults', { kind: '418' })).status, 400);
  assert.equal((await simulator.control('POST', 'faults', { kind: '500', methd: 'GET' })).status, 400);
});

test('chaos with a seed strikes the same requests again', async () => {
  const strike = async () => {
    await simulator.set('DELETE', 'faults');
    await simulator.set('DELETE', 'requests');
    await fault({ kind: 'chaos', probability: 0.4, seed: 99 });
    for (let i = 0; i < 40; ++i) await call('GET', 'users/me').then((answer) => answer.text()).catch(() => {});
    return (await simulator.requests()).map((entry) => entry.fault);
  };
  const first = await strike();
  assert.deepEqual(await strike(), first);
  const kinds = new Set(first.filter(Boolean));
  assert.ok(first.filter(Boolean).length >= 8 && kinds.size >= 5, `${[...kinds]}`);
});

test('counters count by route, and reset alone', async () => {
  await append('a');
  await call('GET', `blocks/${home}/children`);
  await call('GET', 'pages/none');
  const { notion } = await simulator.set('GET', 'counters');
  assert.deepEqual([notion.reads, notion.writes, notion.applied_writes], [2, 1, 1]);
  assert.deepEqual(notion.routes['PATCH /v1/blocks/{block_id}/children'], { count: 1, statuses: { 200: 1 } });
  assert.deepEqual(notion.routes['GET /v1/pages/{page_id}'].statuses, { 400: 1 });
  await simulator.set('DELETE', 'counters');
  assert.equal((await simulator.set('GET', 'counters')).notion, undefined);
  const entries = await simulator.requests();
  assert.equal(entries.length, 3);
  assert.equal((await simulator.requests(`?since=${entries[1].number}`)).length, 1);
});

test('a person ticks, renames and trashes through the pages', async () => {
  const { results: [block] } = await (await append('task <b>')).json();
  const page = await (await fetch(`${simulator.url}/notion/${home}`)).text();
  assert.ok(page.includes('task &lt;b&gt;') && !page.includes('task <b>'));
  assert.ok((await (await fetch(`${simulator.url}/notion`)).text()).includes(`/notion/${home}`));
  const form = (fields) => fetch(`${simulator.url}/notion/${block.id}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  const read = async () => (await (await call('GET', `blocks/${block.id}`)).json());
  const answer = await form({ action: 'tick', checked: '1' });
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, `/notion/${home}`]);
  await form({ action: 'rename', title: 'renamed' });
  const after_ = await read();
  assert.equal(after_.to_do.checked, true);
  assert.equal(after_.to_do.rich_text[0].plain_text, 'renamed');
  assert.notEqual(after_.last_edited_by.id, after_.created_by.id);
  await form({ action: 'trash' });
  assert.equal((await read()).in_trash, true);
  assert.equal((await form({ action: 'explode' })).status, 400);
});

test('a person writes rows and appends blocks by script', async () => {
  const database = await (await call('POST', 'databases', {
    parent: { type: 'page_id', page_id: home },
    initial_data_source: { properties: { Task: { title: {} }, Status: { status: {} } } },
  })).json();
  const source = database.data_sources[0].id;
  const row = await simulator.set('POST', 'notion/create_page', { id: source, properties: { Task: { title: [{ text: { content: 'by hand' } }] } } });
  await simulator.set('POST', 'notion/tick', { id: row.id });
  await simulator.set('POST', 'notion/rename', { id: row.id, title: 'by Ana' });
  const read = await (await call('GET', `pages/${row.id}`)).json();
  assert.equal(read.properties.Status.status.name, 'Done');
  assert.equal(read.properties.Task.title[0].plain_text, 'by Ana');
  await simulator.set('POST', 'notion/append', { id: home, ...toDos('from Ana') });
  const table = await (await fetch(`${simulator.url}/notion/${database.id}`)).text();
  assert.ok(table.includes('by Ana') && table.includes('<table>'));
  assert.equal((await simulator.control('POST', 'notion/tick', { id: home })).status, 400);
  assert.equal((await simulator.control('POST', 'notion/nothing', {})).status, 404);
});

test('the state outlives a restart, tokens included', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mortise-state-'));
  const file = join(folder, 'state.json');
  const first = await Simulator.start(['--state', file, '--port-file', join(folder, 'port')]);
  assert.equal((await readFile(join(folder, 'port'), 'utf8')).trim(), first.url);
  const kept = await first.connectNotion();
  assert.equal(await first.stop(), 0);
  const second = await Simulator.start(['--state', file]);
  const answer = await fetch(`${second.url}/v1/users/me`, { headers: { authorization: `Bearer ${kept.access_token}`, 'notion-version': '2026-03-11' } });
  assert.equal((await answer.json()).id, kept.bot_id);
  assert.equal(await second.stop(), 0);
  await rm(folder, { recursive: true });
});

test('a hundred idle connections do not keep others waiting', async () => {
  const { port } = new URL(simulator.url);
  const idle = await Promise.all(Array.from({ length: 100 }, () => new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  })));
  assert.equal((await call('GET', 'users/me')).status, 200);
  idle.forEach((socket) => socket.destroy());
});

test('control: many things that people do in one call, each answered by itself', async () => {
  const user = '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01';
  const { results } = await simulator.set('POST', 'batch', { steps: [
    { provider: 'notion', action: 'add_to_do', body: { id: home, text: 'by hand' } },
    { provider: 'google', action: 'delete_event', body: { user, id: 'nothing' } },
    { provider: 'notion', action: 'find', body: { user, text: 'by hand', whole: true } },
    { provider: 'nobody', action: 'anything' },
  ] });
  assert.deepEqual(results.map((each) => each.status), [200, 404, 200, 400]);
  assert.equal(results[2].body.results[0].shown.to_do.rich_text[0].plain_text, 'by hand');
});
