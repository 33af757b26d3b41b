// Channels: opening, what is delivered and how, renewal, ends; and everything that can go wrong on the way.
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANA, BEN, calendarClient, refused, signIn, startSimulation, timed } from './google_support.mjs';
import { judgeLog, specMissing } from './google_spec.mjs';
import { Receiver } from './receiver.mjs';

const WEEK_MS = 7 * 86_400_000;
const NOW_MS = Date.parse('2026-11-20T09:00:00Z');
const calendarId = 'primary';
let simulation;
let client;
let receiver;
let channels = 0;

before(async () => { simulation = await startSimulation(); });
after(() => simulation.stop());
beforeEach(async () => {
  await simulation.control('POST', 'reset');
  await simulation.control('PUT', 'clock', { now_ms: NOW_MS });
  await simulation.control('PUT', 'oauth', { provider: 'google', access_token_life_s: 0 });
  client = await calendarClient(simulation.base);
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

const act = (action, body = {}) => simulation.control('POST', `google/${action}`, body);
const evening = (summary) => ({ ...timed('2026-11-23T18:00:00', '2026-11-23T19:00:00'), summary });
const insert = async (summary = 'x') => (await client.events.insert({ calendarId, requestBody: evening(summary) })).data;
const newId = () => `channel-${channels += 1}`;
const watch = async (body = {}, who = client, calendar = calendarId) => (await who.events.watch({ calendarId: calendar,
  requestBody: { id: newId(), type: 'web_hook', address: `${receiver.url}/hooks/google`, ...body } })).data;
const states = (posts = receiver.requests) => posts.map((post) => post.headers['x-goog-resource-state']);
const numbers = (posts = receiver.requests) => posts.map((post) => Number(post.headers['x-goog-message-number']));
const opened = async (body) => {
  const channel = await watch(body);
  await receiver.received(1);
  return channel;
};

describe('opening', () => {
  test('the reply names the channel, its resource and its end a week from now', async () => {
    const channel = await watch({ token: 'secret of the channel' });
    assert.equal(channel.kind, 'api#channel');
    assert.equal(channel.token, 'secret of the channel');
    assert.equal(channel.expiration, `${NOW_MS + WEEK_MS}`);
    assert.ok(channel.resourceId && channel.resourceUri.endsWith('/calendar/v3/calendars/ana.torres%40example.com/events?alt=json'));
    assert.equal((await watch()).resourceId, channel.resourceId, 'the same resource on another channel');
    assert.equal((await watch()).token, undefined);
  });
  test('an app asks for a shorter life, as an instant or as a time to live; never a longer one', async () => {
    assert.equal((await watch({ expiration: `${NOW_MS + 60_000}` })).expiration, `${NOW_MS + 60_000}`);
    assert.equal((await watch({ params: { ttl: '90' } })).expiration, `${NOW_MS + 90_000}`);
    assert.equal((await watch({ expiration: `${NOW_MS + 2 * WEEK_MS}` })).expiration, `${NOW_MS + WEEK_MS}`);
    assert.equal((await watch({ params: { ttl: '99999999999999999' } })).expiration, `${NOW_MS + WEEK_MS}`);
    for (const life of [3600, 2700]) {
      await act('settings', { channel_life_s: life });
      assert.equal((await watch()).expiration, `${NOW_MS + life * 1000}`);
    }
    for (const bad of [{ expiration: `${NOW_MS}` }, { expiration: 'soon' }, { params: { ttl: '-1' } }]) await refused(watch(bad), 400, 'invalid');
  });
  test('an id is used once, also after its channel ended', async () => {
    const { id, resourceId } = await watch();
    await refused(watch({ id }), 400, 'channelIdNotUnique');
    await client.channels.stop({ requestBody: { id, resourceId } });
    await refused(watch({ id }), 400, 'channelIdNotUnique');
  });
  test('a channel that cannot be is refused with its reason', async () => {
    await refused(watch({ id: '' }), 400, 'required');
    await refused(watch({ id: 'a b' }), 400, 'invalid');
    await refused(watch({ id: 'x'.repeat(65) }), 400, 'invalid');
    await refused(watch({ type: 'mail' }), 400, 'invalid');
    await refused(watch({ address: '' }), 400, 'required');
    for (const address of ['nonsense', 'ftp://127.0.0.1/x', 'http://', 'http://127.0.0.1/\r\nX: y', 'http://127.0.0.1:99999999999/x', 'http://127.0.0.1:x/', 'http://[::1/', 'http://ana@127.0.0.1/']) await refused(watch({ address }), 400, 'invalid');
    await refused(watch({ token: 'x'.repeat(257) }), 400, 'invalid');
    await refused(watch({ token: 'a\r\nX-Evil: 1' }), 400, 'invalid');
    await refused(watch({}, client, 'nowhere'), 404, 'notFound');
    await refused(watch({ address: 'http://example.com/hooks' }), 400, 'push.webhookUrlNotHttps');
    await refused(watch({ address: 'http://127.0.0.1.example.com/hooks' }), 400, 'push.webhookUrlNotHttps');
    await act('settings', { allow_http_addresses: false });
    await refused(watch(), 400, 'push.webhookUrlNotHttps');
    assert.deepEqual((await act('channels')).channels, []);
  });
  test('it fails on request, and needs a scope and a calendar that can be read', async () => {
    await simulation.control('POST', 'faults', { provider: 'google', kind: '503', route: '/calendars/{calendarId}/events/watch', times: 1 });
    await refused(watch(), 503, 'backendError');
    await watch();
    const narrow = await calendarClient(simulation.base, ['calendar.settings.readonly']);
    await refused(watch({}, narrow), 403, 'insufficientPermissions');
    const ben = await calendarClient(simulation.base, ['calendar'], { person: BEN });
    await refused(watch({}, ben, ANA.email), 404, 'notFound');
    await act('share', { user: ANA.email, with: BEN.email, role: 'freeBusyReader' });
    await refused(watch({}, ben, ANA.email), 403, 'requiredAccessLevel');
  });
});

describe('messages', () => {
  test('the first one says sync, with every header and no body', async () => {
    const channel = await opened({ token: 'secret of the channel' });
    const [post] = receiver.requests;
    assert.equal(post.method, 'POST');
    assert.equal(post.path, '/hooks/google');
    assert.equal(post.raw, '');
    assert.equal(post.headers['content-length'], '0');
    const own = Object.fromEntries(Object.entries(post.headers).filter(([name]) => name.startsWith('x-goog-')));
    assert.deepEqual(own, { 'x-goog-channel-id': channel.id, 'x-goog-channel-token': 'secret of the channel',
      'x-goog-channel-expiration': 'Fri, 27 Nov 2026 09:00:00 GMT', 'x-goog-resource-id': channel.resourceId,
      'x-goog-resource-uri': channel.resourceUri, 'x-goog-resource-state': 'sync', 'x-goog-message-number': '1' });
  });
  test('without a token no token is sent', async () => {
    await opened();
    assert.ok(!('x-goog-channel-token' in receiver.requests[0].headers));
  });
  test('it comes before the reply if so set', async () => {
    await act('settings', { sync_before_reply: true });
    let answered = false;
    receiver.before = async () => assert.equal(answered, false);
    await watch();
    answered = true;
    assert.deepEqual(states(), ['sync']);
  });
  test('every change is told, whoever makes it, in numbers that only climb', async () => {
    await opened();
    const { id } = await insert();
    await receiver.received(2);
    await client.events.patch({ calendarId, eventId: id, requestBody: { summary: 'y' } });
    await receiver.received(3);
    await act('edit_event', { user: ANA.email, id, changes: { summary: 'by script' } });
    await receiver.received(4);
    const page = await fetch(`${simulation.base}/google/${ANA.email}/${ANA.email}/${id}`, { method: 'POST', redirect: 'manual',
      body: new URLSearchParams({ do: 'save', title: 'by page', start: '2026-11-23T18:00', end: '2026-11-23T19:00' }) });
    assert.equal(page.status, 303);
    await receiver.received(5);
    await client.events.delete({ calendarId, eventId: id });
    await receiver.received(6);
    assert.deepEqual(states(), ['sync', 'exists', 'exists', 'exists', 'exists', 'exists']);
    const seen = numbers();
    assert.ok(seen.every((number, i) => i === 0 || number > seen[i - 1]), `${seen}`);
    assert.ok(seen.at(-1) > seen.length, 'with gaps');
  });
  test('one message each, however much one call changed; none for what changed nothing', async () => {
    const series = (await client.events.insert({ calendarId, requestBody: { ...evening('daily'), recurrence: ['RRULE:FREQ=DAILY;COUNT=5'] } })).data;
    for (const day of ['24', '25']) await act('edit_instance', { user: ANA.email, id: series.id, slot: `2026-11-${day}T18:00:00`, changes: { summary: day } });
    await opened();
    await client.events.list({ calendarId });
    await refused(client.events.delete({ calendarId, eventId: 'never0000' }), 404, 'notFound');
    await client.events.delete({ calendarId, eventId: series.id });
    await act('flush_deliveries');
    assert.deepEqual(states(), ['sync', 'exists']);
  });
  test('channels of other calendars hear nothing, those of the same one all do', async () => {
    const other = (await client.calendars.insert({ requestBody: { summary: 'Other' } })).data.id;
    const quiet = await watch({}, client, other);
    const one = await watch();
    const two = await watch();
    await insert();
    await receiver.received(5);
    await act('flush_deliveries');
    const told = receiver.requests.filter((post) => post.headers['x-goog-resource-state'] === 'exists').map((post) => post.headers['x-goog-channel-id']);
    assert.deepEqual(told.sort(), [one.id, two.id].sort());
    await client.calendars.delete({ calendarId: other });
    await receiver.received(6);
    assert.equal(receiver.requests[5].headers['x-goog-channel-id'], quiet.id);
    assert.equal(receiver.requests[5].headers['x-goog-resource-state'], 'not_exists');
    assert.deepEqual((await act('channels')).channels.map((channel) => channel.id).sort(), [one.id, two.id].sort());
  });
});

describe('ends', () => {
  test('stopped: nothing more comes, and a second stop finds nothing', async () => {
    const { id, resourceId } = await opened();
    const reply = await client.channels.stop({ requestBody: { id, resourceId } });
    assert.equal(reply.status, 204);
    await insert();
    await act('flush_deliveries');
    assert.deepEqual(states(), ['sync']);
    await refused(client.channels.stop({ requestBody: { id, resourceId } }), 404, 'notFound');
  });
  test('only who opened it stops it, naming the resource', async () => {
    const { id, resourceId } = await watch();
    const ben = await calendarClient(simulation.base, ['calendar'], { person: BEN });
    await refused(ben.channels.stop({ requestBody: { id, resourceId } }), 404, 'notFound');
    await refused(client.channels.stop({ requestBody: { id, resourceId: 'another' } }), 404, 'notFound');
    await refused(client.channels.stop({ requestBody: { resourceId } }), 400, 'required');
    assert.equal((await act('channels', { user: ANA.email })).channels.length, 1);
    assert.equal((await act('channels', { user: BEN.email })).channels.length, 0);
  });
  test('expired by the clock of the simulation: silence, and stopping it is 404', async () => {
    await act('settings', { channel_life_s: 2700 });
    const { id, resourceId } = await opened();
    await simulation.control('PUT', 'clock', { advance_ms: 2_699_000 });
    await insert();
    await receiver.received(2);
    await simulation.control('PUT', 'clock', { advance_ms: 1_000 });
    await insert();
    await act('flush_deliveries');
    assert.deepEqual(states(), ['sync', 'exists']);
    await refused(client.channels.stop({ requestBody: { id, resourceId } }), 404, 'notFound');
  });
  test('expired by script', async () => {
    const { id } = await opened();
    await act('expire_channel', { channel: id });
    await insert();
    await act('flush_deliveries');
    assert.deepEqual(states(), ['sync']);
  });
});

describe('deliveries', () => {
  const report = () => act('deliveries');
  /** The simulation has the answers, too: only then it waits for the next try. */
  const tried = async (count) => { while ((await report()).counters.refused < count); };

  test('tried again after 500, 502, 503 and 504, with the waits that are set', async () => {
    await act('delivery_settings', { retry_after_ms: [0, 0, 0, 0, 0] });
    receiver.answerWith(500, 502, 503, 504, 204);
    await watch();
    await receiver.received(5);
    await act('flush_deliveries');
    assert.deepEqual(numbers(), [1, 1, 1, 1, 1]);
    const { counters, deliveries, waiting } = await report();
    assert.deepEqual([counters.sent, counters.refused, counters.tried_again, counters.accepted, counters.given_up, waiting], [5, 4, 4, 1, 0, 0]);
    assert.deepEqual(counters.statuses, { 204: 1, 500: 1, 502: 1, 503: 1, 504: 1 });
    assert.deepEqual(deliveries.map((one) => [one.label, one.try, one.status]),
      [['sync 1', 1, 500], ['sync 1', 2, 502], ['sync 1', 3, 503], ['sync 1', 4, 504], ['sync 1', 5, 204]]);
  });
  test('the waits run on the clock, and in the end it is given up', async () => {
    await act('delivery_settings', { retry_after_ms: [3_600_000, 3_600_000] });
    receiver.answerWith(503, 503, 503);
    await watch();
    await tried(1);
    await simulation.control('PUT', 'clock', { advance_ms: 3_600_000 });
    await tried(2);
    await simulation.control('PUT', 'clock', { advance_ms: 3_600_000 });
    await tried(3);
    const { counters, waiting } = await report();
    assert.deepEqual([counters.sent, counters.given_up, waiting], [3, 1, 0]);
  });
  for (const status of [302, 400, 401, 404, 410, 429, 501]) {
    test(`lost after ${status}`, async () => {
      await act('delivery_settings', { retry_after_ms: [0] });
      receiver.answerWith(status);
      await opened();
      await act('flush_deliveries');
      const { counters } = await report();
      assert.deepEqual([receiver.requests.length, counters.refused, counters.tried_again], [1, 1, 0]);
    });
  }
  test('nobody there: lost, and the API never waits for it', async () => {
    await receiver.stop();
    await watch();
    await insert();
    await act('flush_deliveries');
    assert.equal((await report()).counters.unanswered, 2);
    receiver = await Receiver.start();
  });
  test('an app that restarts at its address hears the next change, once', async () => {
    await opened();
    const { port } = new URL(receiver.url);
    await receiver.stop();
    receiver = await Receiver.start(Number(port));
    await insert();
    await receiver.received(1);
    await act('flush_deliveries');
    assert.deepEqual(states(), ['exists']);
    assert.equal((await report()).counters.unanswered, 0);
  });
  test('an answer that takes its time holds up nothing', async () => {
    let release;
    const gate = new Promise((resolve) => { release = resolve; });
    const arrived = new Promise((resolve) => {
      receiver.before = () => {
        resolve();
        return gate;
      };
    });
    await watch();
    await arrived;
    assert.equal((await insert()).summary, 'x');
    release();
    await receiver.received(2);
    assert.deepEqual(states(), ['sync', 'exists']);
  });
  test('doubled, lost and overtaken on request', async () => {
    await opened();
    await act('clear_deliveries');
    await act('delivery_settings', { duplicate_every: 2 });
    await insert();
    await insert();
    await act('flush_deliveries');
    const doubled = numbers().slice(1);
    assert.equal(doubled.length, 3);
    assert.equal(new Set(doubled).size, 2);
    await act('delivery_settings', { duplicate_every: 0, lose_every: 1 });
    await insert();
    await act('flush_deliveries');
    assert.equal(receiver.requests.length, 4);
    assert.equal((await report()).counters.lost, 1);
    await act('delivery_settings', { lose_every: 0, late_every: 2, late_ms: 3_600_000 });
    receiver.requests.length = 0;
    for (let i = 0; i < 4; i += 1) await insert();
    await receiver.received(2);
    await simulation.control('PUT', 'clock', { advance_ms: 3_600_000 });
    await receiver.received(4);
    const late = numbers();
    assert.notDeepEqual(late, [...late].sort((a, b) => a - b));
    assert.equal(new Set(late).size, 4);
  });
  test('paused, flushed, and let go', async () => {
    await opened();
    await act('delivery_settings', { paused: true });
    await insert();
    await insert();
    assert.equal((await report()).waiting, 2);
    assert.equal(receiver.requests.length, 1);
    await act('flush_deliveries');
    assert.equal(receiver.requests.length, 3);
    await insert();
    assert.equal((await report()).waiting, 1);
    await act('delivery_settings', { paused: false });
    await receiver.received(4);
    await refusedSettings({ speed: 1 });
    await refusedSettings({ delay_ms: -1 });
    await refusedSettings({ paused: 'yes' });
  });
  const refusedSettings = async (settings) => {
    const reply = await fetch(`${simulation.base}/control/google/delivery_settings`, { method: 'POST', body: JSON.stringify(settings) });
    assert.equal(reply.status, 400);
    assert.ok((await reply.json()).error);
  };
  test('sent again, forged, and of a channel that nobody opened', async () => {
    const { id, resourceId } = await opened({ token: 'right' });
    await insert();
    await receiver.received(2);
    await act('notify', { channel: id, repeat: true });
    await receiver.received(3);
    assert.equal(numbers()[2], numbers()[1]);
    await act('notify', { channel: id });
    await act('notify', { channel: id, token: 'wrong', number: 99, times: 2 });
    await receiver.received(6);
    assert.equal(numbers()[3], numbers()[1] + 1);
    assert.deepEqual(receiver.requests.slice(4).map((post) => post.headers['x-goog-channel-token']), ['wrong', 'wrong']);
    await act('notify', { channel: 'unheard-of', address: receiver.url, resource_id: resourceId });
    await receiver.received(7);
    assert.equal(receiver.requests[6].headers['x-goog-channel-id'], 'unheard-of');
    const reply = await fetch(`${simulation.base}/control/google/notify`, { method: 'POST', body: '{"channel":"unheard-of"}' });
    assert.equal(reply.status, 400);
  });
  test('200 changes on 20 channels arrive, in order on each', async () => {
    await simulation.control('PUT', 'limits', { google_per_user: 0, google_project: 0 });
    for (let i = 0; i < 20; i += 1) await watch();
    for (let i = 0; i < 200; i += 10) await Promise.all(Array.from({ length: 10 }, () => insert()));
    await receiver.received(20 * 201);
    const last = new Map();
    for (const post of receiver.requests) {
      const id = post.headers['x-goog-channel-id'];
      const number = Number(post.headers['x-goog-message-number']);
      assert.ok(number > (last.get(id) ?? 0), 'in order');
      last.set(id, number);
    }
    assert.equal(last.size, 20);
  });
});

test('channels and what waits for delivery outlive a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mortise-push-'));
  const state = join(folder, 'state.json');
  try {
    const first = await startSimulation(['--state', state]);
    await first.control('PUT', 'oauth', { provider: 'google', access_token_life_s: 0 });
    const { access_token: token } = await signIn(first.base, ['calendar']);
    const call = (base, path, body) => fetch(`${base}/calendar/v3${path}`, { method: 'POST', body: JSON.stringify(body),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });
    const body = { id: 'long-lived', type: 'web_hook', address: receiver.url, token: 'kept' };
    const channel = await (await call(first.base, '/calendars/primary/events/watch', body)).json();
    await receiver.received(1);
    await first.control('POST', 'google/delivery_settings', { paused: true });
    await call(first.base, '/calendars/primary/events', evening('waits'));
    assert.equal(await first.stop(), 0);
    assert.equal(receiver.requests.length, 1);
    const second = await startSimulation(['--state', state]);
    assert.equal((await second.control('POST', 'google/deliveries')).waiting, 1);
    await second.control('POST', 'google/delivery_settings', { paused: false });
    await receiver.received(2);
    await call(second.base, '/calendars/primary/events', evening('another'));
    await receiver.received(3);
    assert.deepEqual(states(), ['sync', 'exists', 'exists']);
    assert.equal(receiver.requests[2].headers['x-goog-channel-token'], 'kept');
    assert.equal((await call(second.base, '/calendars/primary/events/watch', body)).status, 400);
    assert.equal((await call(second.base, '/channels/stop', { id: channel.id, resourceId: channel.resourceId })).status, 204);
    assert.equal(await second.stop(), 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('every request and reply fits the official description', { skip: specMissing }, async () => {
  const { id, resourceId } = await watch({ token: 't', params: { ttl: '600' } });
  await client.channels.stop({ requestBody: { id, resourceId } });
  await refused(watch({ id }), 400, 'channelIdNotUnique');
  const { calls, problems } = await judgeLog(simulation);
  assert.equal(calls.length, 3);
  assert.deepEqual(problems, []);
});
