// Calendars, lists, settings, scopes, limits, faults and the state file.
import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANA, BEN, calendarClient, clientFor, refused, signIn, startSimulation, timed } from './google_support.mjs';
import { googleJudge, judgeLog, specMissing } from './google_spec.mjs';

let simulation;
let client;
const evening = timed('2026-11-23T18:00:00', '2026-11-23T19:30:00');
const HOLIDAYS = 'en.spain#holiday@group.v.calendar.google.com';

before(async () => {
  simulation = await startSimulation();
});
after(() => simulation.stop());

describe('calendars and the list of them', () => {
  before(async () => { client = await calendarClient(simulation.base); });

  test('the primary calendar answers to "primary" and to the e-mail', async () => {
    const { data } = await client.calendarList.get({ calendarId: 'primary' });
    assert.deepEqual([data.id, data.primary, data.accessRole, data.timeZone], [ANA.email, true, 'owner', 'Europe/Madrid']);
    assert.deepEqual(data.defaultReminders, [{ method: 'popup', minutes: 10 }]);
    assert.equal((await client.calendars.get({ calendarId: ANA.email })).data.id, ANA.email);
  });
  test('a secondary calendar is made, appears in the list, changes and goes', async () => {
    const { data: made } = await client.calendars.insert({ requestBody: { summary: 'Swift', description: 'A plan', timeZone: 'America/New_York' } });
    assert.match(made.id, /^c_[0-9a-f]+@group\.calendar\.google\.com$/);
    assert.equal(made.dataOwner, ANA.email);
    assert.ok((await client.calendarList.list()).data.items.some((entry) => entry.id === made.id && !entry.primary));
    const { data: patched } = await client.calendars.patch({ calendarId: made.id, requestBody: { summary: 'Swift 2', description: null } });
    assert.deepEqual([patched.summary, patched.description, patched.timeZone], ['Swift 2', undefined, 'America/New_York']);
    await refused(client.calendars.patch({ calendarId: made.id, requestBody: { summary: 'x' } }, { headers: { 'If-Match': made.etag } }), 412, 'conditionNotMet');
    const { data: put } = await client.calendars.update({ calendarId: made.id, requestBody: { summary: 'Swift 3' } });
    assert.equal(put.summary, 'Swift 3');
    assert.equal((await client.calendars.delete({ calendarId: made.id })).status, 204);
    await refused(client.calendars.get({ calendarId: made.id }), 404, 'notFound');
    await refused(client.events.list({ calendarId: made.id }), 404, 'notFound');
  });
  test('a calendar needs a title and a zone that exists; the primary one stays', async () => {
    await refused(client.calendars.insert({ requestBody: {} }), 400, 'required');
    await refused(client.calendars.insert({ requestBody: { summary: 'x', timeZone: 'Mars/Base' } }), 400, 'invalid');
    await refused(client.calendars.delete({ calendarId: 'primary' }), 403, 'forbidden');
  });
  test('an entry of the list takes colour, name and visibility', async () => {
    const { data: made } = await client.calendars.insert({ requestBody: { summary: 'Colours' } });
    const calendarId = made.id;
    const { data } = await client.calendarList.patch({ calendarId, requestBody: { colorId: '9', summaryOverride: 'Mine', hidden: true } });
    assert.deepEqual([data.colorId, data.backgroundColor, data.summaryOverride, data.hidden], ['9', '#7bd148', 'Mine', true]);
    const shown = async (query) => (await client.calendarList.list(query)).data.items.some((entry) => entry.id === calendarId);
    assert.equal(await shown({}), false);
    assert.equal(await shown({ showHidden: true }), true);
    await refused(client.calendarList.patch({ calendarId, requestBody: { colorId: '99' } }), 400, 'invalid');
    const rgb = { backgroundColor: '#112233', foregroundColor: '#ffffff' };
    const { data: own } = await client.calendarList.patch({ calendarId, colorRgbFormat: true, requestBody: rgb });
    assert.equal(own.backgroundColor, '#112233');
    const { data: put } = await client.calendarList.update({ calendarId, requestBody: { selected: true } });
    assert.ok(!put.hidden);
    await refused(client.calendarList.delete({ calendarId }), 403, 'forbidden');
  });
  test('a public calendar is read, listed and left again, never written; # is part of its id', async () => {
    assert.equal((await client.events.list({ calendarId: HOLIDAYS })).data.items[0].summary, 'Constitution Day');
    const { data } = await client.calendarList.insert({ requestBody: { id: HOLIDAYS } });
    assert.equal(data.accessRole, 'reader');
    await refused(client.events.insert({ calendarId: HOLIDAYS, requestBody: evening }), 403, 'requiredAccessLevel');
    const writable = (await client.calendarList.list({ minAccessRole: 'writer' })).data.items;
    assert.ok(!writable.some((entry) => entry.id === HOLIDAYS));
    assert.equal((await client.calendarList.delete({ calendarId: HOLIDAYS })).status, 204);
    await refused(client.calendarList.get({ calendarId: HOLIDAYS }), 404, 'notFound');
    await refused(client.calendarList.insert({ requestBody: { id: 'nobody@example.com' } }), 404, 'notFound');
    await refused(client.calendarList.insert({ requestBody: {} }), 400, 'required');
  });
  test('the list is paged and gives deltas', async () => {
    for (let i = 0; i < 3; i += 1) await client.calendars.insert({ requestBody: { summary: `${i}` } });
    const first = (await client.calendarList.list({ maxResults: 2 })).data;
    assert.equal(first.items.length, 2);
    let page = first;
    while (page.nextPageToken) page = (await client.calendarList.list({ maxResults: 2, pageToken: page.nextPageToken })).data;
    const syncToken = page.nextSyncToken;
    assert.deepEqual((await client.calendarList.list({ syncToken })).data.items, []);
    const { data: made } = await client.calendars.insert({ requestBody: { summary: 'New' } });
    await client.calendars.delete({ calendarId: made.id });
    const delta = (await client.calendarList.list({ syncToken })).data.items;
    assert.deepEqual(delta.map((entry) => [entry.id, entry.deleted]), [[made.id, true]]);
    await refused(client.calendarList.list({ syncToken, minAccessRole: 'owner' }), 400, 'invalidParameter');
    assert.equal((await refused(client.calendarList.list({ syncToken: 'nonsense' }), 400, 'invalid')).location, 'syncToken');
  });
  test('colours and settings', async () => {
    const { data } = await client.colors.get();
    assert.deepEqual([Object.keys(data.event).length, Object.keys(data.calendar).length], [11, 24]);
    assert.equal((await client.settings.get({ setting: 'timezone' })).data.value, 'Europe/Madrid');
    await refused(client.settings.get({ setting: 'nonsense' }), 404, 'notFound');
    await simulation.control('POST', 'google/set_time_zone', { user: ANA.email, time_zone: 'Europe/Lisbon' });
    assert.equal((await client.settings.list()).data.items.find((item) => item.id === 'timezone').value, 'Europe/Lisbon');
    await simulation.control('POST', 'google/set_time_zone', { user: ANA.email, time_zone: 'Europe/Madrid' });
  });
});

describe('sharing', () => {
  test('a reader reads, a writer writes, a stranger sees nothing; reminders and source are personal', async () => {
    const ana = await calendarClient(simulation.base);
    const ben = await calendarClient(simulation.base, ['calendar'], { person: BEN });
    const { data: { id: calendarId } } = await ana.calendars.insert({ requestBody: { summary: 'Shared' } });
    const { data: event } = await ana.events.insert({ calendarId, requestBody: { ...evening, source: { url: 'https://example.com' },
      reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 5 }] } } });
    const eventId = event.id;
    await refused(ben.events.get({ calendarId, eventId }), 404, 'notFound');
    await simulation.control('POST', 'google/share', { user: ANA.email, calendar: calendarId, with: BEN.email, role: 'reader' });
    const seen = (await ben.events.get({ calendarId, eventId })).data;
    assert.deepEqual([seen.reminders, seen.source], [{ useDefault: true }, undefined]);
    await refused(ben.events.patch({ calendarId, eventId, requestBody: { summary: 'x' } }), 403, 'requiredAccessLevel');
    await simulation.control('POST', 'google/share', { user: ANA.email, calendar: calendarId, with: BEN.email, role: 'writer' });
    await ben.events.patch({ calendarId, eventId, requestBody: { summary: 'by Ben', reminders: { useDefault: false } } });
    const own = (await ana.events.get({ calendarId, eventId })).data;
    assert.equal(own.summary, 'by Ben');
    assert.deepEqual(own.source, { url: 'https://example.com' });
    assert.deepEqual(own.reminders.overrides, [{ method: 'popup', minutes: 5 }]);
    await refused(ben.calendars.delete({ calendarId }), 403, 'requiredAccessLevel');
  });
  test('of a private event, only writers and guests see more than when it is', async () => {
    const ana = await calendarClient(simulation.base);
    const ben = await calendarClient(simulation.base, ['calendar'], { person: BEN });
    const { data: { id: calendarId } } = await ana.calendars.insert({ requestBody: { summary: 'Shared' } });
    const { data: { id: eventId } } = await ana.events.insert({ calendarId, requestBody: { ...evening, summary: 'Secret', visibility: 'private' } });
    const seenAs = async (role) => {
      await simulation.control('POST', 'google/share', { user: ANA.email, calendar: calendarId, with: BEN.email, role });
      const seen = (await ben.events.get({ calendarId, eventId })).data;
      const [listed] = (await ben.events.list({ calendarId })).data.items;
      assert.deepEqual([seen, seen.id, seen.visibility], [listed, eventId, 'private'], role);
      assert.ok(seen.start.dateTime && seen.end.dateTime, role);
      return [seen.summary, seen.organizer?.email];
    };
    const nothing = [undefined, undefined];
    assert.deepEqual(await seenAs('writer'), ['Secret', calendarId]);
    for (const role of ['reader', 'writerWithoutPrivateAccess']) assert.deepEqual(await seenAs(role), nothing, role);
    await ana.events.patch({ calendarId, eventId, requestBody: { attendees: [{ email: BEN.email }] } });
    assert.deepEqual(await seenAs('reader'), ['Secret', calendarId]);
  });
});

describe('scopes', () => {
  test('calendar.events writes events and nothing else', async () => {
    const narrow = await calendarClient(simulation.base, ['calendar.events']);
    const { data } = await narrow.events.insert({ calendarId: 'primary', requestBody: evening });
    assert.ok(data.id);
    const problem = await refused(narrow.calendarList.list(), 403, 'insufficientPermissions');
    assert.equal(problem.domain, 'global');
    await refused(narrow.calendars.insert({ requestBody: { summary: 'x' } }), 403, 'insufficientPermissions');
    await refused(narrow.settings.get({ setting: 'timezone' }), 403, 'insufficientPermissions');
  });
  test('calendar.app.created sees only calendars that the app made', async () => {
    const wide = await calendarClient(simulation.base);
    const narrow = await calendarClient(simulation.base, ['calendar.app.created']);
    await refused(narrow.events.list({ calendarId: 'primary' }), 404, 'notFound');
    await refused(narrow.events.insert({ calendarId: 'primary', requestBody: evening }), 404, 'notFound');
    await refused(narrow.calendars.get({ calendarId: ANA.email }), 404, 'notFound');
    const { data: { id: calendarId } } = await narrow.calendars.insert({ requestBody: { summary: 'App' } });
    const { data: { id: eventId } } = await narrow.events.insert({ calendarId, requestBody: evening });
    assert.equal((await narrow.events.get({ calendarId, eventId })).status, 200);
    assert.equal((await wide.events.get({ calendarId, eventId })).status, 200);
    await refused(narrow.events.move({ calendarId, eventId, destination: 'primary' }), 403, 'insufficientPermissions');
    await simulation.control('PUT', 'oauth', { provider: 'google', clients: [
      { client_id: 'mortise-simulated', client_secret: 'simulated-secret' }, { client_id: 'other', client_secret: 'other-secret' }] });
  });
  test('reading scopes do not write', async () => {
    const reader = await calendarClient(simulation.base, ['calendar.readonly']);
    assert.equal((await reader.calendarList.list()).status, 200);
    await refused(reader.events.insert({ calendarId: 'primary', requestBody: evening }), 403, 'insufficientPermissions');
  });
  test('calendar.events.owned stops at calendars of others', async () => {
    const owned = await calendarClient(simulation.base, ['calendar.events.owned']);
    assert.equal((await owned.events.list({ calendarId: 'primary' })).status, 200);
    await refused(owned.events.list({ calendarId: HOLIDAYS }), 403, 'insufficientPermissions');
  });
  test('unknown paths are 404 in Google\'s shape', async () => {
    const { access_token: token } = await signIn(simulation.base, ['calendar']);
    const reply = await fetch(`${simulation.base}/calendar/v3/nothing/here`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(reply.status, 404);
    assert.equal((await reply.json()).error.errors[0].reason, 'notFound');
  });
});

describe('the official description', { skip: specMissing }, () => {
  test('fits every request and reply', async () => {
    const { calls, problems } = await judgeLog(simulation);
    assert.ok(calls.length > 5, `${calls.length} calls`);
    assert.deepEqual(problems, []);
  });
  test('is really asked: made-up members, sorts and parameters are found', () => {
    const judge = googleJudge();
    const entry = { method: 'POST', route: '/calendars/{calendarId}/events', status: 200, query: [['colour', 'red']],
      body: { summary: 7, dueDate: 'x' }, reply: { id: 5 } };
    assert.equal(judge(entry).length, 4);
  });
});

describe('limits and faults', () => {
  beforeEach(() => simulation.control('POST', 'reset'));

  test('a full window per person is 403 or 429 as set, and others go on', async () => {
    const ana = await calendarClient(simulation.base);
    const ben = await calendarClient(simulation.base, ['calendar'], { person: BEN });
    await simulation.control('PUT', 'clock', { now_ms: Date.parse('2026-11-20T09:00:00Z') });
    await simulation.control('PUT', 'limits', { google_per_user: 3 });
    const ask = (who) => who.events.list({ calendarId: 'primary' });
    for (let i = 0; i < 3; i += 1) await ask(ana);
    const problem = await refused(ask(ana), 403, 'userRateLimitExceeded');
    assert.equal(problem.domain, 'usageLimits');
    await simulation.control('POST', 'google/settings', { limit_reason: 'rateLimitExceeded' });
    await refused(ask(ana), 403, 'rateLimitExceeded');
    await simulation.control('POST', 'google/settings', { limit_status: 429 });
    await refused(ask(ana), 429, 'rateLimitExceeded');
    await ask(ben);
    await simulation.control('PUT', 'clock', { advance_ms: 60_000 });
    await ask(ana);
  });
  test('the project has its own window', async () => {
    const ana = await calendarClient(simulation.base);
    const ben = await calendarClient(simulation.base, ['calendar'], { person: BEN });
    await simulation.control('PUT', 'limits', { google_project: 2 });
    await ana.colors.get();
    await ben.colors.get();
    await refused(ana.colors.get(), 403, 'userRateLimitExceeded');
  });
  const faults = [['429', 429, 'rateLimitExceeded'], ['500', 500, 'backendError'], ['503', 503, 'backendError'], ['503_after', 503, 'backendError']];
  for (const [kind, status, reason] of faults) {
    test(`the fault ${kind} has Google's shape`, async () => {
      const ana = await calendarClient(simulation.base);
      await simulation.control('POST', 'faults', { kind, provider: 'google', route: '/calendars/{calendarId}/events', write: true, times: 1, retry_after_s: 7 });
      const insert = () => ana.events.insert({ calendarId: 'primary', requestBody: { id: 'fault00001', ...evening } });
      await refused(insert(), status, reason);
      if (kind.endsWith('after')) await refused(insert(), 409, 'duplicate');
      else assert.equal((await insert()).status, 200);
    });
  }
  test('Retry-After is sent with a 429', async () => {
    const { access_token: token } = await signIn(simulation.base, ['calendar']);
    await simulation.control('POST', 'faults', { kind: '429', provider: 'google', times: 1, retry_after_s: 7 });
    const reply = await fetch(`${simulation.base}/calendar/v3/colors`, { headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual([reply.status, reply.headers.get('retry-after')], [429, '7']);
  });
  test('a failing token endpoint answers in the token endpoint\'s shape', async () => {
    await simulation.control('POST', 'faults', { kind: '503', provider: 'google', route: '/token', times: 1 });
    const reply = await fetch(`${simulation.base}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token' }) });
    assert.equal(reply.status, 503);
    assert.deepEqual(Object.keys(await reply.json()), ['error', 'error_description']);
  });
  test('expire_access_tokens ends them now', async () => {
    const ana = await calendarClient(simulation.base);
    await simulation.control('POST', 'google/expire_access_tokens', { user: ANA.email });
    await refused(ana.colors.get(), 401, 'authError');
  });
  test('settings that make no sense are refused', async () => {
    for (const body of [{ pages: 'thick' }, { limit_status: 418 }, { limit_reason: 'tired' }, { colour: 1 }, { refresh_tokens: 'many' }]) {
      const reply = await fetch(`${simulation.base}/control/google/settings`, { method: 'POST', body: JSON.stringify(body) });
      assert.equal(reply.status, 400, JSON.stringify(body));
    }
  });
});

test('the state file brings everything back: events, versions, tokens, deltas', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'google-state-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const words = ['--state', join(folder, 'state.json')];
  const first = await startSimulation(words);
  const tokens = await signIn(first.base, ['calendar']);
  const ana = clientFor(first.base, tokens.access_token);
  const { data: calendar } = await ana.calendars.insert({ requestBody: { summary: 'Kept' } });
  const { data: event } = await ana.events.insert({ calendarId: calendar.id, requestBody: { id: 'kept000001', ...evening, summary: 'Kept',
    reminders: { useDefault: false, overrides: [{ method: 'email', minutes: 60 }] } } });
  const { nextSyncToken: syncToken } = (await ana.events.list({ calendarId: calendar.id })).data;
  assert.equal(await first.stop(), 0);
  const second = await startSimulation(words);
  t.after(() => second.stop());
  const again = clientFor(second.base, tokens.access_token);
  // Links lead to the pages of whichever simulation answers.
  const kept = { ...event, htmlLink: event.htmlLink.replace(first.base, second.base) };
  assert.deepEqual((await again.events.get({ calendarId: calendar.id, eventId: event.id })).data, kept);
  assert.deepEqual((await again.events.list({ calendarId: calendar.id, syncToken })).data.items, []);
  await refused(again.events.insert({ calendarId: calendar.id, requestBody: { id: 'kept000001', ...evening } }), 409, 'duplicate');
  assert.equal(await second.stop(), 0);
});
