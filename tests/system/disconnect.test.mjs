// Disconnecting and coming back, over HTTP: nothing is lost on either side, nothing of the grant stays, nothing doubles.
// The end of an account, of which nothing stays here, and of a plan, which comes back.
// And a first sync of a calendar that holds what the app holds.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { connected, forms } from './expect.mjs';
import { dayFromNow, roadmap, until, wideBudgets, World } from './host.mjs';
import { googleEvents, notionTasks, renameThere } from './remote.mjs';

const person = (world, action, body) => world.simulator.set('POST', action, body);

/** All that the store's files hold, free pages too. */
function decrypted(world) {
  const done = spawnSync(join(process.env.MORTISE_BINARY_DIR, 'bin', 'dump_decrypted'), [join(world.folder, 'data', 'mortise.db')],
    { env: world.env, maxBuffer: 1 << 28 });
  assert.equal(done.status, 0, String(done.error ?? done.stderr));
  return done.stdout;
}

/** What the sealed tokens in the row of the connection's grant begin with: the access token stands behind the id, the refresh token behind that. */
function sealedTokens(dump, id, access) {
  const isSeal = (bytes) => bytes[0] === 1 && bytes.filter((byte) => byte > 126).length > 18;  // 1, then noise
  const found = [];
  for (let at = dump.indexOf(id); at >= 0; at = dump.indexOf(id, at + 1)) {
    const first = at + id.length;
    const second = first + 1 + 12 + access.length + 16;  // a seal is as long as what it hides, and 1, a nonce, a tag
    const both = [first, second].map((begin) => dump.subarray(begin, begin + 64));
    if (both.every(isSeal)) found.push(...both);
  }
  return found;
}

/** The tokens that a provider's live grants hold. */
async function liveTokens(world, provider) {
  const state = await world.simulator.set('GET', 'state');
  if (provider === 'notion') return state.notion.grants.filter((grant) => grant.live).flatMap((grant) => [grant.access_token, grant.refresh_token]);
  const found = [];
  JSON.stringify(state.google.oauth, (key, value) => {
    for (const text of [key, value]) if (typeof text === 'string' && /^(ya29\.|1\/\/)/.test(text)) found.push(text);
    return value;
  });
  return found;
}

/** The plan's tasks as they are here, without how they stand at services. */
const here = async (world, plan) => (await world.tasks(plan)).map(({ sync, ...task }) => task);
const there = (world, form) => (form.provider === 'notion' ? notionTasks(world) : googleEvents(world));
const channels = async (world) => (await person(world, 'google/channels', {})).channels;

async function sync(world, connection) {
  const run = await world.sync(connection);
  assert.equal(run.state, 'succeeded', JSON.stringify(run));
  await world.quiet();
  return run;
}

for (const [name, form] of Object.entries(forms)) {
  test(`disconnect and reconnect: nothing is lost, nothing doubles (${name})`, { timeout: 300_000 }, async () => {
    const { world, plan, connection } = await connected(form, roadmap(),
      { settings: { ...wideBudgets, 'server.public_url': '${url}' } });
    try {
      assert.equal((await world.export(plan, connection)).state, 'succeeded');
      await sync(world, connection);
      const [tasks, items] = [await here(world, plan), await there(world, form)];
      assert.equal((await channels(world)).length, form.provider === 'google' ? 1 : 0);
      const tokens = await liveTokens(world, form.provider);
      assert.equal(tokens.length, 2, 'for access, and to refresh that');
      const sealed = sealedTokens(decrypted(world), connection.id, tokens.find((token) => /^(ntn_|ya29\.)/.test(token)));
      assert.ok(sealed.length > 0, 'both are found, sealed, while they are there');

      const gone = await world.ok('DELETE', `/v1/connections/${connection.id}`);
      assert.equal(gone.revoked, true, JSON.stringify(gone));
      assert.deepEqual(await here(world, plan), tasks);
      assert.deepEqual(await there(world, form), items);
      assert.deepEqual(await channels(world), []);
      assert.deepEqual(await liveTokens(world, form.provider), []);
      const pages = [decrypted(world)];
      assert.equal(await world.stop(), 0);
      pages.push(decrypted(world));
      for (const dump of pages) {
        for (const each of sealed) assert.equal(dump.indexOf(each), -1, 'not even a sealed token is left');
        for (const token of tokens) assert.equal(dump.indexOf(token), -1);
      }

      // Meanwhile both sides go on.
      await world.boot();
      await world.ok('PATCH', `/v1/tasks/${tasks[1].id}`, { title: 'Renamed here meanwhile' });
      await renameThere(world, form, connection, tasks[2].title, 'Renamed there meanwhile');
      const back = await world.connect(form.connector);
      assert.equal(back.id, connection.id);
      const titlesHere = async () => (await here(world, plan)).map((task) => task.title);
      await until(async () => (await titlesHere()).includes('Renamed there meanwhile'), 'the sync after the reconnect');
      await world.quiet();
      const titles = await titlesHere();
      assert.deepEqual(titles.slice(1, 3), ['Renamed here meanwhile', 'Renamed there meanwhile']);
      assert.equal(titles.length, tasks.length);
      // A person's own words in Notion replace the whole line, small print too: titles are compared.
      assert.deepEqual((await there(world, form)).map((each) => each.title ?? each.summary).sort(), titles.sort());
      const again = await sync(world, connection);
      assert.deepEqual([again.counts.writes, again.counts.received], [0, 0], JSON.stringify(again.counts));
      const run = await world.export(plan, connection);
      assert.deepEqual([run.state, run.counts.writes], ['succeeded', 0], JSON.stringify(run));
    } finally {
      await world.end();
    }
  });
}

for (const [name, form] of Object.entries(forms)) {
  test(`a removed plan comes back, there too (${name})`, { timeout: 300_000 }, async () => {
    const { world, plan, connection } = await connected(form, roadmap(), { settings: wideBudgets });
    const titles = async () => (await there(world, form)).map((each) => each.title ?? each.summary).sort();
    try {
      assert.equal((await world.export(plan, connection)).state, 'succeeded');
      await world.quiet();
      const [tasks, items] = [await here(world, plan), await titles()];
      await world.ok('DELETE', `/v1/plans/${plan.id}?remote=remove`);
      await until(async () => (await titles()).length === 0, 'its items to go');
      await world.quiet();
      await world.ok('POST', `/v1/plans/${plan.id}/restore`);
      await until(async () => (await titles()).length === items.length, 'its items to come back');
      await world.quiet();
      assert.deepEqual(await titles(), items);
      assert.deepEqual((await here(world, plan)).map(({ id, title }) => [id, title]), tasks.map(({ id, title }) => [id, title]));
      const again = await sync(world, connection);
      assert.deepEqual([again.counts.writes, again.counts.received], [0, 0], JSON.stringify(again.counts));

      await world.ok('DELETE', `/v1/plans/${plan.id}?remote=keep`);
      await world.quiet();
      assert.deepEqual(await titles(), items);
    } finally {
      await world.end();
    }
  });

  test(`an account is ended: nothing of it stays here, everything there (${name})`, { timeout: 300_000 }, async () => {
    const { world, plan, connection } = await connected(form, roadmap(),
      { settings: { ...wideBudgets, 'server.public_url': '${url}' } });
    try {
      assert.equal((await world.export(plan, connection)).state, 'succeeded');
      await sync(world, connection);
      const items = await there(world, form);
      const own = ['Milestone 1.1', 'Task 1.1.2', connection.identity.id, 'ana@example.org'];
      for (const text of own) assert.notEqual(decrypted(world).indexOf(text), -1, `${text} is found while it is there`);
      const gone = await until(async () => {
        const answer = await world.api('DELETE', '/v1/accounts/ana');
        assert.ok(answer.status === 200 || answer.body.reason === 'sync_under_way', JSON.stringify(answer.body));
        return answer.status === 200 && answer.body;
      }, 'its end');
      const after = decrypted(world);
      for (const text of own) assert.equal(after.indexOf(text), -1, `${text} is gone`);
      assert.deepEqual(gone.connections.map((each) => each.connection_id), [connection.id]);
      assert.deepEqual(await liveTokens(world, form.provider), []);
      assert.deepEqual(await channels(world), []);
      assert.deepEqual(await there(world, form), items);
      assert.equal((await world.api('GET', `/v1/plans/${plan.id}`)).status, 404);
      assert.equal((await world.api('DELETE', '/v1/accounts/ana')).status, 404);
      await world.account();
      assert.deepEqual((await world.ok('GET', '/v1/accounts/ana/connections')).items, []);
      assert.equal((await world.ok('GET', '/v1/accounts/ana/usage')).used, 0);
    } finally {
      await world.end();
    }
  });
}

test('a first sync of a calendar that holds what the app holds links it: only what one side lacks is made', async () => {
  const world = await World.start();
  try {
    await world.account();
    const { items: plans } = await world.ok('GET', '/v1/accounts/ana/plans');
    const calendar = plans.find((each) => each.external_id === 'calendar');
    const [{ email: user }] = (await person(world, 'google/users', {})).users;
    const at = (day, hour) => `${dayFromNow(9 + day)}T${hour}:00:00`;
    const appointment = (title, day) => world.ok('POST', `/v1/plans/${calendar.id}/tasks`, {
      title, kind: 'appointment', duration_s: 3600, schedule: { kind: 'timed', start: at(day, '09'), zone: 'Europe/Madrid' } });
    const event = (summary, day) => person(world, 'google/create_event', { user, event: {
      summary, start: { dateTime: at(day, '09'), timeZone: 'Europe/Madrid' },
      end: { dateTime: at(day, '10'), timeZone: 'Europe/Madrid' } } });
    for (const day of [1, 2, 3, 4, 5]) {
      await appointment('Physiotherapy', day);
      await event('Physiotherapy', day);
    }
    await appointment('Only here', 6);
    await event('Only there', 7);

    const made = (await googleEvents(world)).map(({ id }) => id);
    const connection = await world.connect('google_calendar', 'ana', { user });
    const all = await until(async () => {
      const tasks = await world.tasks(calendar);
      return tasks.length > 6 && tasks;
    }, 'the first sync');
    await world.quiet();
    const wanted = ['Only here', 'Only there', ...Array(5).fill('Physiotherapy')];
    assert.deepEqual(all.map((task) => task.title).sort(), wanted);
    assert.deepEqual((await googleEvents(world)).map((each) => each.summary).sort(), wanted);
    const ids = (await googleEvents(world)).map(({ id }) => id);
    assert.deepEqual(made.filter((id) => !ids.includes(id)), [], 'the events that were there are still the same');
    const run = await sync(world, connection);
    assert.deepEqual([run.counts.writes, run.counts.received], [0, 0]);
  } finally {
    await world.end();
  }
});
