// Push channels of the whole program: opened in the callback, believed by their secret, stopped with
// the connection; and Notion's handshake.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dayFromNow, World, until } from './host.mjs';

let world;
before(async () => {
  world = await World.start({ settings: { 'server.public_url': '${url}' } });
  await world.account();
});
after(() => world?.end());

const channels = async () => (await world.simulator.set('POST', 'google/channels', {})).channels;
const knock = (path, headers = {}, body = undefined) => fetch(world.url + path, { method: 'POST', headers, body });

test('a Google connection has its channel when the browser is back', async () => {
  const connection = await world.connect('google_calendar');
  assert.ok(connection.target.id, 'the default calendar was chosen');
  const [channel, ...others] = await channels();
  assert.equal(others.length, 0);
  assert.equal(channel.address, `${world.url}/hooks/google_calendar/${channel.id}`);
  assert.match(channel.token, /^[0-9a-f]{64}$/);
  assert.match(world.log, new RegExp(`event=channel_opened connection=${connection.id} channel=${channel.id}`));
  assert.ok(!world.log.includes(channel.token), 'the secret is in no log');
});

test('only what carries the channel and its secret is believed', async () => {
  const [{ id, token }] = await channels();
  const good = { 'x-goog-channel-id': id, 'x-goog-channel-token': token, 'x-goog-resource-state': 'exists', 'x-goog-message-number': '7' };
  const path = `/hooks/google_calendar/${id}`;
  assert.equal((await knock(path, good)).status, 200);
  assert.equal((await knock('/hooks/google_calendar', good)).status, 200);
  assert.equal((await knock(path, { ...good, 'x-goog-resource-state': 'sync' })).status, 200);
  assert.equal((await knock(path, { ...good, 'x-goog-channel-token': 'guess' })).status, 401);
  assert.equal((await knock(path)).status, 404);
  assert.equal((await knock('/hooks/google_calendar/other', good)).status, 404);
  assert.equal((await knock('/hooks/nobody', good)).status, 404);
});

/** The runs that a notification began. */
const notified = async () => (await world.ok('GET', '/v1/runs?account_id=ana&limit=200')).items.filter((run) => run.trigger === 'notification');

/** The titles of what was found in the calendar. */
async function appointments() {
  const { items } = await world.ok('GET', '/v1/accounts/ana/plans');
  return (await world.tasks(items.find((plan) => plan.external_id === 'calendar'))).map((task) => task.title);
}

const makeEvent = (user, summary, calendar = 'primary') => world.simulator.set('POST', 'google/create_event', {
  user, calendar, event: { summary, start: { dateTime: `${dayFromNow(9)}T09:00:00Z` }, end: { dateTime: `${dayFromNow(9)}T09:30:00Z` } },
});

/** Waits for what comes after the `known` runs that a notification began: one that brings `title`, and that it has ended. */
async function broughtByNotification(title, known) {
  const run = await until(async () => (await notified()).find(({ id, finished_at, counts }) =>
    !known.has(id) && finished_at && counts.received > 0), `a run after a notification that brings ${title}`);
  assert.deepEqual([run.state, run.counts.received], ['succeeded', 1], JSON.stringify(run));
  assert.ok((await appointments()).includes(title), title);
}

test('what a person changes there starts a sync by itself', async () => {
  const [channel] = await channels();
  await world.quiet();
  const known = new Set((await notified()).map(({ id }) => id));
  await makeEvent(channel.email, 'Dentist');
  await broughtByNotification('Dentist', known);
  await world.quiet();
});

/** Holds the store's only write transaction until the host is gone: what is answered meanwhile stays in the journal. */
async function whileStoreIsHeld(act) {
  const holder = spawn(join(process.env.MORTISE_BINARY_DIR, 'bin', 'hold_store'), [join(world.folder, 'data', 'mortise.db'), '600000'],
    { env: world.env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit');
  try {
    await Promise.race([once(holder.stdout, 'data'), ended.then(([code]) => assert.fail(`hold_store ended with ${code}`))]);
    await act();
  } finally {
    holder.kill('SIGKILL');
    await ended;
  }
}

test('a restart keeps the channel, and what was answered and waits', async () => {
  const [channel] = await channels();
  await world.simulator.set('POST', 'google/delivery_settings', { lose_every: 1 });  // only the knock below says it
  await makeEvent(channel.email, 'Physiotherapist');
  const known = new Set((await notified()).map(({ id }) => id));
  await whileStoreIsHeld(async () => {
    const answer = await knock(`/hooks/google_calendar/${channel.id}`, {
      'x-goog-channel-id': channel.id, 'x-goog-channel-token': channel.token, 'x-goog-resource-state': 'exists', 'x-goog-message-number': '99',
    });
    assert.equal(answer.status, 200);
    await world.kill();
  });
  await world.boot();
  await broughtByNotification('Physiotherapist', known);
  assert.deepEqual((await channels()).map((each) => each.id), [channel.id]);
  await world.simulator.set('POST', 'google/delivery_settings', { lose_every: 0 });
});

test('another calendar gets another channel', async () => {
  await world.quiet();
  const { items: [connection] } = await world.ok('GET', '/v1/accounts/ana/connections');
  const [old] = await channels();
  const { target } = await world.ok('PUT', `/v1/connections/${connection.id}/target`, { title: 'Work' });
  await until(async () => {
    const now = await channels();
    return now.length === 1 && now[0].id !== old.id && now[0].calendar === target.id;
  }, 'the channel of the other calendar');
});

test('a sync message that comes before the channel is confirmed does no harm: a change there is told afterwards', async () => {
  await world.simulator.set('POST', 'google/settings', { sync_before_reply: true });
  const runs = async () => (await world.ok('GET', '/v1/runs?account_id=ana&limit=200')).items;
  const { items: [connection] } = await world.ok('GET', '/v1/accounts/ana/connections');
  const [old] = await channels();
  const before = new Set((await runs()).map(({ id }) => id));
  const { target } = await world.quietAfter(() => world.ok('PUT', `/v1/connections/${connection.id}/target`, { title: 'Home' }));
  const channel = await until(async () => {
    const [now, ...others] = await channels();
    return now?.id !== old.id && now?.calendar === target.id && others.length === 0 && now;
  }, 'the channel of the new calendar');
  const told = (await world.simulator.set('POST', 'google/deliveries', {})).deliveries.filter(({ topic }) => topic === channel.id);
  assert.deepEqual(told.map(({ label, try: nth, status }) => [label, nth, status]), [['sync 1', 1, 200]]);
  await world.quiet();
  const begun = (await runs()).filter(({ id }) => !before.has(id));
  assert.deepEqual(begun.filter(({ trigger, state }) => trigger === 'notification' || state !== 'succeeded'), [], 'it says nothing of a change');
  const known = new Set((await notified()).map(({ id }) => id));
  await makeEvent(channel.email, 'Gardener', channel.calendar);
  await broughtByNotification('Gardener', known);
  await world.simulator.set('POST', 'google/settings', { sync_before_reply: false });
});

test('a disconnect stops the channel before the grant is gone', async () => {
  const { items: [connection] } = await world.ok('GET', '/v1/accounts/ana/connections');
  const [{ id, token }] = await channels();
  const gone = await world.ok('DELETE', `/v1/connections/${connection.id}`);
  assert.equal(gone.revoked, true);
  assert.deepEqual(await channels(), []);
  const late = { 'x-goog-channel-id': id, 'x-goog-channel-token': token, 'x-goog-resource-state': 'exists' };
  assert.equal((await knock(`/hooks/google_calendar/${id}`, late)).status, 404);
});

test('Notion: the key comes while an operator waits for it', async () => {
  const handshake = '/v1/connectors/notion/handshake';
  const bring = (token) => knock('/hooks/notion', { 'content-type': 'application/json' }, JSON.stringify({ verification_token: token }));
  assert.equal((await bring('secret_before_anybody_asked')).status, 401);
  assert.equal((await world.ok('POST', handshake)).open, true);
  assert.equal((await bring('secret_that_notion_brings')).status, 200);
  assert.equal((await bring('secret_of_somebody_else')).status, 401);
  assert.equal((await world.ok('GET', handshake)).token, 'secret_that_notion_brings');
  assert.equal((await world.ok('GET', handshake)).token, 'secret_that_notion_brings');
  assert.ok(!world.log.includes('secret_that_notion_brings'));
});
