// Tokens, codes, the client secret, the app's key and the master key, what proves a notification and who is signed in go
// every way of a real host: connect, export, refresh, faults, notifications, reconnect, disconnect. Then they are searched for, in every spelling, wherever
// something of the host can be read; and what was leaked on purpose is found by the same search.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { connectFor, forms } from './expect.mjs';
import { roadmap, until, wideBudgets, World } from './host.mjs';

const program = (name) => join(process.env.MORTISE_BINARY_DIR, 'bin', name);
const percent = (bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** Base64 of `bytes` as it reads inside something longer, by how many bytes stand before it. */
function base64Inside(bytes, before) {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replace(/=+$/, '');
  return text.slice(Math.ceil(before * 8 / 6), Math.floor((before + bytes.length) * 8 / 6));
}

/** Every way to write a secret that is searched for, by name. */
function spellings(secret) {
  const bytes = Buffer.from(secret);
  const all = { plain: secret, hex: bytes.toString('hex'), 'HEX': bytes.toString('hex').toUpperCase() };
  for (const before of [0, 1, 2]) {
    all[`base64, ${before} before`] = base64Inside(bytes, before);
    all[`base64url, ${before} before`] = base64Inside(bytes, before).replaceAll('+', '-').replaceAll('/', '_');
  }
  all['in a URL'] = encodeURIComponent(secret);
  all['in a url'] = encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase());
  all['all percent'] = percent(bytes);
  all['ALL PERCENT'] = percent(bytes).toUpperCase();
  all['in a form'] = new URLSearchParams({ '': secret }).toString().slice(1);
  all['in JSON'] = secret.replaceAll('/', '\\/');
  return all;
}

/** The secrets of a run by their names, and where they turn up. */
class Canaries {
  secrets = new Map();

  add(name, secret) {
    assert.ok(secret.length >= 12, `${name} is long enough to be told from chance`);
    if (!this.secrets.has(secret)) this.secrets.set(secret, { name, spellings: Object.entries(spellings(secret)) });
  }

  /** What the services hold now: called often, as they forget what was rotated. */
  async learn(world) {
    const walk = (value) => {
      if (value && typeof value === 'object') return Object.values(value).forEach(walk);
      if (typeof value === 'string' && /^(ntn_|nrt_|ya29\.|1\/\/)/.test(value)) this.add(value.slice(0, 4), value);
    };
    const { notion, google } = await world.simulator.set('GET', 'state');
    walk([notion.grants, google.oauth]);
    const { channels } = await world.simulator.set('POST', 'google/channels', {});
    for (const { token } of channels) this.add('channel token', token);
  }

  /** What is found in `places` ({name: bytes}), as "secret (spelling) in place". */
  found(places) {
    const hits = [];
    for (const [place, bytes] of Object.entries(places)) {
      const text = Buffer.isBuffer(bytes) ? bytes.toString('latin1') : bytes;
      for (const { name, spellings: ways } of this.secrets.values()) {
        for (const [way, written] of ways) if (text.includes(written)) hits.push(`${name} (${way}) in ${place}`);
      }
    }
    return hits;
  }
}

async function filesBelow(folder, places = {}) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await filesBelow(path, places);
    else if (entry.isFile()) places[path] = await readFile(path);
  }
  return places;
}

/** Every page of the store, free ones and the log's too. */
function decrypted(world, key) {
  const done = spawnSync(program('dump_decrypted'), [join(world.folder, 'data', 'mortise.db')],
    { env: { ...world.env, MORTISE_KEY: key }, maxBuffer: 1 << 28 });
  assert.equal(done.status, 0, String(done.stderr));
  assert.ok(done.stdout.includes('CREATE TABLE'), 'the dump is readable');
  return done.stdout;
}

/**
 * Keeps all that the host answers, pages and streams too, and learns the codes that consent brings; but not what it answers
 * to `unheard(act)`: what a secret is told to whoever it is for.
 */
function listen(world, canaries) {
  const plainFetch = globalThis.fetch;
  const heard = { answers: '' };
  globalThis.fetch = async (input, options) => {
    const answer = await plainFetch(input, options);
    const location = answer.headers.get('location');
    if (String(input).startsWith(world.url)) {
      heard.answers += `${[...answer.headers].map((each) => each.join(': ')).join('\n')}\n\n`;
      if (!/event-stream/.test(answer.headers.get('content-type'))) heard.answers += `${await answer.clone().text()}\n`;
    } else if (location && new URL(location).searchParams.has('code')) {
      canaries.add('code', new URL(location).searchParams.get('code'));
    }
    return answer;
  };
  const hearing = globalThis.fetch;
  const stop = () => { globalThis.fetch = plainFetch; };
  const unheard = async (act) => {
    stop();
    try {
      return await act();
    } finally {
      globalThis.fetch = hearing;
    }
  };
  return { heard, stop, unheard };
}

/** Reads the account's events until the host ends. */
async function watch(world, heard) {
  const answer = await fetch(`${world.url}/v1/accounts/ana/events`, { headers: { authorization: `Bearer ${world.key}` } });
  assert.equal(answer.status, 200);
  try {
    for await (const part of answer.body) heard.events = (heard.events ?? '') + Buffer.from(part).toString();
  } catch { /* the host ended */ }
}

/** What a command of the program prints, whatever its exit code. */
function printed(world, words) {
  const done = spawnSync(program('mortise'), [...words, '--config', world.config], { env: world.env, encoding: 'utf8' });
  return `${done.stdout}${done.stderr}`;
}

/** A policy that tells the denied all it can see: its arguments, and every name a script may know. */
const talkative = `
local function seen(value, depth)
  if type(value) ~= "table" then return tostring(value) end
  if depth == 0 then return "..." end
  local parts = {}
  for key, each in pairs(value) do parts[#parts + 1] = tostring(key) .. "=" .. seen(each, depth - 1) end
  return "{" .. table.concat(parts, " ") .. "}"
end
local names = { globals = _ENV, string = string, table = table, math = math, utf8 = utf8 }
local function all_told(ask, tier, used) return seen({ ask = ask, tier = tier, used = used, names = names }, 4) end
`;

async function scriptsThatTell() {
  const folder = await mkdtemp(join(tmpdir(), 'mortise-scripts-'));
  await cp(new URL('../../scripts', import.meta.url), folder, { recursive: true });
  const file = join(folder, 'policies', 'tiers.lua');
  const source = await readFile(file, 'utf8');
  const asks = 'if ask.trigger ~= "user"';
  assert.ok(source.includes(asks));
  await writeFile(file, talkative + source.replace(asks,
    `if ask.account == "curious" then return deny("told", "%s", all_told(ask, tier, used)) end\n    ${asks}`));
  return folder;
}

/** Everything an account's data can be read by. */
async function readAll(world, plan) {
  const { items: connections } = await world.ok('GET', '/v1/accounts/ana/connections');
  const { items: runs } = await world.ok('GET', '/v1/runs?account_id=ana&limit=50');
  const paths = ['/v1/accounts/ana', '/v1/accounts/ana/usage', '/v1/connectors', '/v1/scripts', '/v1/health', '/v1/ready', '/',
    `/v1/plans/${plan.id}`, `/v1/plans/${plan.id}/tasks?limit=200`,
    ...connections.flatMap(({ id }) => [`/v1/connections/${id}`, `/v1/connections/${id}/targets`]),
    ...runs.flatMap(({ id }) => [`/v1/runs/${id}`, `/v1/runs/${id}/items`])];
  for (const path of paths) {
    await (await fetch(world.url + path, { headers: { authorization: `Bearer ${world.key}` } })).text();
  }
}

const expire = (world) => world.simulator.set('PUT', 'clock', { advance_ms: 3_601_000 });

async function connectAndExport(world, canaries, plan) {
  const connections = [await connectFor(world, forms.database), await connectFor(world, forms.calendar)];
  await canaries.learn(world);
  for (const connection of connections) assert.equal((await world.export(plan, connection)).state, 'succeeded');
  return connections;
}

async function refreshTwice(world, canaries, tasks) {
  const known = canaries.secrets.size;
  for (const task of tasks.slice(0, 2)) {
    await expire(world);
    await world.ok('PATCH', `/v1/tasks/${task.id}`, { title: `${task.title}, again` });
    await world.quietAfterPush({ id: task.plan_id });
    await canaries.learn(world);
  }
  assert.ok(canaries.secrets.size >= known + 6, 'tokens were rotated');
}

async function storm(world, canaries, plan, connections) {
  await world.simulator.set('POST', 'faults', { kind: 'chaos', probability: 0.2, seed: 3, retry_after_s: 1 });
  await expire(world);
  for (const connection of connections) await world.export(plan, connection);
  await world.simulator.set('DELETE', 'faults');
  await canaries.learn(world);
}

async function loseAndFind(world, canaries, plan) {
  for (const { provider, connector } of [forms.database, forms.calendar]) {
    const { items } = await world.ok('GET', '/v1/accounts/ana/connections');
    const { id } = items.find((each) => each.connector === connector);
    await world.simulator.set('POST', 'grants/revoke', { provider });
    const [task] = await world.tasks(plan);
    await world.ok('PATCH', `/v1/tasks/${task.id}`, { title: `${task.title}, and again` });
    await until(async () => (await world.ok('GET', `/v1/connections/${id}`)).state === 'needs_reconnect', 'the dead grant to show');
    await world.connect(connector);
    await canaries.learn(world);
    await world.quiet();
  }
}

async function askCurious(world) {
  await world.account('curious', 'pro');
  const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1 }), 'curious');
  const connection = await world.connect('notion', 'curious', { user: '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0b02' });
  const { status, body } = await world.startExport(plan, connection, 'curious');
  assert.deepEqual([status, body.reason], [403, 'told'], JSON.stringify(body));
  for (const word of ['exports_this_month=0', 'account=curious', 'globals={', 'string={']) assert.ok(body.detail.includes(word), `${word} in ${body.detail}`);
}

/** Notion's handshake: an operator waits, Notion brings the key of its signatures, and the operator is shown it once. */
async function shakeHands(world, canaries, unheard) {
  await world.ok('POST', '/v1/connectors/notion/handshake');
  await world.simulator.set('POST', 'notion/subscribe', { url: `${world.url}/hooks/notion` });
  const token = await until(() => unheard(async () => (await world.ok('GET', '/v1/connectors/notion/handshake')).token), "Notion's handshake");
  canaries.add('key of Notion\'s signatures', token);
  await world.simulator.set('POST', 'notion/confirm', { token });
}

/** A user of the app comes in: a code, and what it is exchanged for, are told to them alone. */
async function comeIn(world, canaries, unheard) {
  const exchange = (body) => fetch(`${world.url}/v1/session`,
    { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const mint = async () => (await unheard(() => world.ok('POST', '/v1/accounts/ana/session_codes'))).code;
  const [code, other] = [await mint(), await mint()];
  for (const each of [code, other]) canaries.add('session code', each);
  const answer = await unheard(() => exchange({ code }));
  assert.equal(answer.status, 200, await answer.clone().text());
  const [cookie, secret] = /^[^=]+=([^;]+)/.exec(answer.headers.get('set-cookie'));
  canaries.add('session cookie', secret);
  const { token } = await (await unheard(() => exchange({ code: other, as: 'token' }))).json();
  canaries.add('session token', token);
  const now = async (headers) => (await fetch(`${world.url}/v1/session`, { headers })).status;
  assert.deepEqual([await now({ cookie }), await now({ authorization: `Bearer ${token}` })], [200, 200]);
  assert.deepEqual([await now({ cookie: `${cookie}x` }), await now({ authorization: `Bearer ${token}x` })], [401, 401]);
  assert.equal((await exchange({ code })).status, 401, 'a code is good once');
}

/** Somebody knocks with what proves a notification, and with what nearly does. */
async function knock(world, canaries) {
  const [{ id, token }] = (await world.simulator.set('POST', 'google/channels', {})).channels;
  canaries.add('channel token', token);
  const send = async (path, headers, body) => (await fetch(world.url + path, { method: 'POST', headers, body })).status;
  const proof = (secret) => ({ 'x-goog-channel-id': id, 'x-goog-channel-token': secret, 'x-goog-resource-state': 'exists', 'x-goog-message-number': '9001' });
  assert.equal(await send(`/hooks/google_calendar/${id}`, proof(token)), 200);
  assert.equal(await send(`/hooks/google_calendar/${id}`, proof(`${token}x`)), 401);
  assert.equal(await send(`/hooks/google_calendar/${token}`, proof(token)), 404);
  const [key] = [...canaries.secrets].find(([, { name }]) => name.startsWith('key of'));
  assert.equal(await send('/hooks/notion', { 'x-notion-signature': `sha256=${key}` }, JSON.stringify({ verification_token: key })), 401);
}

/** Wrong keys and tokens where they don't belong. */
async function misuse(world) {
  for (const [path, key] of [['/v1/runs', `${world.key}x`], [`/v1/accounts/${encodeURIComponent(world.key)}`, world.key], ['/oauth/notion/callback?state=none&code=none', '']]) {
    await fetch(world.url + path, { headers: { authorization: `Bearer ${key}` }, redirect: 'manual' });
  }
}

/** Starts the host with the master key from a command that keeps its environment and arguments in a file. */
async function underKeyCommand(world, key, canaries) {
  const safe = await mkdtemp(join(tmpdir(), 'mortise-key-'));
  const told = join(world.folder, 'child.txt');
  await writeFile(join(safe, 'key'), key);
  await writeFile(join(safe, 'key.sh'), `tr '\\0' '\\n' </proc/$$/environ >${told}; tr '\\0' '\\n' </proc/$$/cmdline >>${told}; cat ${join(safe, 'key')}\n`);
  const config = await readFile(world.config, 'utf8');
  await writeFile(world.config, `${config}store.key_command = /bin/sh ${join(safe, 'key.sh')}\n`);
  delete world.env.MORTISE_KEY;
  canaries.add('client secret of the environment', 'the-environments-own-secret');
  try {
    await world.boot({ MORTISE_NOTION_CLIENT_SECRET: 'the-environments-own-secret' });
    assert.equal(await world.stop(), 0);
    assert.match(await readFile(told, 'utf8'), /^PATH=/m);
  } finally {
    world.env.MORTISE_KEY = key;
    await writeFile(world.config, config);
    await rm(safe, { recursive: true, force: true });
  }
}

test('canary: every spelling of a secret is found where it was leaked on purpose', () => {
  const secret = '1//0+a/b?c=d&e_Fg-hi~jk';
  const canaries = new Canaries();
  canaries.add('token', secret);
  for (let before = 0; before < 6; ++before) {
    const around = Buffer.from('x'.repeat(before) + secret + 'yz');
    for (const written of ['base64', 'base64url', 'hex', 'latin1']) {
      assert.ok(canaries.found({ place: around.toString(written) }).length > 0, `${written}, ${before} before`);
    }
  }
  for (const written of [new URLSearchParams({ token: secret }).toString(), encodeURIComponent(secret), percent(Buffer.from(secret)), JSON.stringify({ secret })]) {
    assert.ok(canaries.found({ place: written }).length > 0, written);
  }
  assert.deepEqual(canaries.found({ place: secret.slice(1) + Buffer.from(secret.slice(2)).toString('hex') }), []);
});

test('canary: no secret is in files, decrypted pages, logs, answers, commands or child processes', { timeout: 300_000 }, async (t) => {
  const canaries = new Canaries();
  const scripts = await scriptsThatTell();
  const world = await World.start({ settings: { ...wideBudgets, 'server.public_url': '${url}', 'scripts.path': scripts, 'sync.debounce_ms': 1, 'log.level': 'trace' } });
  const { heard, stop, unheard } = listen(world, canaries);
  const key = world.env.MORTISE_KEY;
  const places = heard;
  try {
    canaries.add('master key', key);
    canaries.add('master key, raw', Buffer.from(key, 'hex').toString('latin1'));
    canaries.add('app key', world.key);
    canaries.add('client secret', 'simulated-secret');
    for (const provider of ['notion', 'google']) await world.simulator.set('PUT', 'oauth', { provider, access_token_life_s: 3600 });
    await world.widenLimits();
    await world.account();
    const watching = watch(world, heard);
    const plan = await world.import(roadmap());
    await shakeHands(world, canaries, unheard);
    const connections = await connectAndExport(world, canaries, plan);
    await knock(world, canaries);
    await comeIn(world, canaries, unheard);
    await refreshTwice(world, canaries, await world.tasks(plan));
    await storm(world, canaries, plan, connections);
    await loseAndFind(world, canaries, plan);
    await askCurious(world);
    await misuse(world);
    await readAll(world, plan);
    for (const words of [['doctor'], ['plugin', 'list']]) places[words.join(' ')] = printed(world, words);
    places['pages of the open store'] = decrypted(world, key);
    Object.assign(places, await filesBelow(world.folder));
    const [there] = Object.keys(places).filter((name) => name.endsWith('-wal'));
    assert.ok(there, 'the log of the open store is searched, too');
    await world.ok('DELETE', `/v1/connections/${connections[0].id}`);
    await readAll(world, plan);
    assert.equal(await world.stop(), 0);
    await watching;
    for (const words of [['preview', '--plan', plan.id, '--connection', connections[1].id], ['secret', 'list'], ['apikey', 'list'], ['doctor']]) {
      places[words.join(' ')] = printed(world, words);
    }
    await underKeyCommand(world, key, canaries);
    places['pages of the closed store'] = decrypted(world, key);
    for (const [name, bytes] of Object.entries(await filesBelow(world.folder))) places[`${name}, at the end`] = bytes;
    places['standard error'] = world.log;
    stop();

    assert.match(places.answers, /needs_reconnect/);
    assert.match(places.events, /^event: /m);
    assert.match(places[`preview --plan ${plan.id} --connection ${connections[1].id}`], /writes/);
    assert.match(places['standard error'], /event=request .*route=oauth_callback/);
    const names = new Set([...canaries.secrets.values()].map(({ name }) => name));
    for (const name of ['channel token', "key of Notion's signatures", 'session code', 'session cookie', 'session token']) assert.ok(names.has(name), name);
    assert.deepEqual(canaries.found(places), []);
    const size = Object.values(places).reduce((sum, bytes) => sum + bytes.length, 0);
    t.diagnostic(`${canaries.secrets.size} secrets in ${Object.keys(spellings('')).length} spellings, ${Object.keys(places).length} places, ${size} bytes`);

    // The same search finds what was leaked on purpose: in a field that is not sealed, and in a file.
    const [token] = [...canaries.secrets.keys()].filter((secret) => secret.startsWith('nrt_'));
    await world.boot();
    await world.ok('PUT', '/v1/accounts/leak', { tier: 'pro', email: `${token}@example.org` });
    assert.ok(canaries.found({ page: decrypted(world, key) }).length > 0, 'in the decrypted pages');
    await world.ok('PUT', '/v1/accounts/leak', { tier: 'pro', email: 'leak@example.org' });
    await writeFile(join(world.folder, 'leak.log'), Buffer.from(`Bearer ${token}`).toString('base64'));
    assert.equal(canaries.found(await filesBelow(world.folder)).length > 0, true, 'in a file');
  } finally {
    stop();
    await world.end();
    await rm(scripts, { recursive: true, force: true });
  }
});

/** `mortise serve` by a shell that wants core dumps, in a folder of its own. */
async function dying(world, folder) {
  const child = spawn('/bin/sh', ['-c', 'ulimit -c unlimited 2>/dev/null; exec "$0" serve --config "$1"', program('mortise'), world.config],
    { cwd: folder, env: { ...world.env, ASAN_OPTIONS: `${world.env.ASAN_OPTIONS}:disable_coredump=0` }, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal)));
  await until(async () => fetch(`${world.url}/v1/ready`).then(({ ok }) => ok, () => false), 'the host to be ready');
  return { child, ended };
}

test('canary: a host that dies leaves no core dump, and its environment holds no key', async (t) => {
  const world = await World.start();
  const folder = await mkdtemp(join(tmpdir(), 'mortise-core-'));
  try {
    assert.equal(await world.stop(), 0);
    await chmod(folder, 0o777);
    const { child, ended } = await dying(world, folder);
    const about = (name) => readFile(`/proc/${child.pid}/${name}`, 'latin1');
    assert.match(await about('limits'), /^Max core file size +0 +0 +bytes/m);
    const environment = await about('environ').catch((error) => error.code);
    assert.ok(environment === 'EACCES' || environment.includes('PATH='), environment);
    assert.ok(!environment.includes(world.env.MORTISE_KEY), 'the key left the environment that others can read');
    if (process.getuid() !== 0) assert.equal((await stat(`/proc/${child.pid}/environ`)).uid, 0, 'the process is not dumpable');
    else t.diagnostic('run by root, who may read everything: whether others may is seen when another user runs this');
    child.kill('SIGABRT');
    assert.equal(await ended, 'SIGABRT');
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await world.end();
    await rm(folder, { recursive: true, force: true });
  }
});
