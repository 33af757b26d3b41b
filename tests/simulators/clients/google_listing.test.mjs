// events.list: filters, pages and deltas, through Google's own client.
import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { BEN, calendarClient, days, refused, startSimulation, timed } from './google_support.mjs';
import { judgeLog, specMissing } from './google_spec.mjs';

let simulation;
let client;
let events;
let calendarId;

before(async () => {
  simulation = await startSimulation();
  await simulation.control('PUT', 'clock', { now_ms: Date.parse('2026-11-20T09:00:00Z') });
  await simulation.control('PUT', 'oauth', { provider: 'google', access_token_life_s: 0 });
  client = await calendarClient(simulation.base);
  events = client.events;
});
beforeEach(async () => {
  calendarId = (await client.calendars.insert({ requestBody: { summary: 'Plan', timeZone: 'Europe/Madrid' } })).data.id;
});
after(() => simulation.stop());

const at = (day, hour = 18) => timed(`2026-11-${day}T${hour}:00:00`, `2026-11-${day}T${hour + 1}:00:00`);
const insert = async (body) => (await events.insert({ calendarId, requestBody: body })).data;
const titles = (items) => items.map((item) => item.summary);
const list = async (query = {}) => (await events.list({ calendarId, ...query })).data;

/** Follows the pages; answers {items, pages, nextSyncToken}. */
async function listAll(query = {}) {
  const items = [];
  for (let pages = 1, pageToken; ; pages += 1) {
    const page = await list({ ...query, pageToken });
    items.push(...page.items);
    assert.ok(!(page.nextPageToken && page.nextSyncToken), 'a sync token comes on the last page only');
    if (!page.nextPageToken) return { items, pages, nextSyncToken: page.nextSyncToken };
    pageToken = page.nextPageToken;
  }
}

describe('filters', () => {
  beforeEach(async () => {
    await insert({ ...at(23), summary: 'Monday', description: 'Swift basics', extendedProperties: { private: { task: 't1', kind: 'a' }, shared: { plan: 'p' } } });
    await insert({ ...at(24), summary: 'Tuesday', location: 'Library', attendees: [{ email: BEN.email }], extendedProperties: { private: { task: 't2', kind: 'a' } } });
    await insert({ ...days('2026-11-25', '2026-11-26'), summary: 'Wednesday' });
  });

  test('the reply describes the calendar', async () => {
    const page = await list();
    assert.equal(page.kind, 'calendar#events');
    assert.equal(page.summary, 'Plan');
    assert.equal(page.timeZone, 'Europe/Madrid');
    assert.equal(page.accessRole, 'owner');
    assert.deepEqual(page.defaultReminders, []);
    assert.deepEqual(titles(page.items), ['Monday', 'Tuesday', 'Wednesday']);
  });
  test('timeMin bounds the end, timeMax the start, both exclusive', async () => {
    assert.deepEqual(titles((await list({ timeMin: '2026-11-23T19:00:00+01:00' })).items), ['Tuesday', 'Wednesday']);
    assert.deepEqual(titles((await list({ timeMin: '2026-11-23T18:59:59+01:00' })).items), ['Monday', 'Tuesday', 'Wednesday']);
    assert.deepEqual(titles((await list({ timeMax: '2026-11-24T18:00:00+01:00' })).items), ['Monday']);
    assert.deepEqual(titles((await list({ timeMax: '2026-11-24T17:00:01Z' })).items), ['Monday', 'Tuesday']);
    assert.deepEqual(titles((await list({ timeMin: '2026-11-25T23:00:00Z' })).items), []);  // the day ends at midnight in Madrid
    await refused(list({ timeMin: '2026-11-24T00:00:00Z', timeMax: '2026-11-23T00:00:00Z' }), 400, 'timeRangeEmpty');
    await refused(list({ timeMin: '2026-11-24T00:00:00' }), 400, 'badRequest');
  });
  test('by private and shared property, several together', async () => {
    assert.deepEqual(titles((await list({ privateExtendedProperty: 'task=t2' })).items), ['Tuesday']);
    assert.deepEqual(titles((await list({ privateExtendedProperty: ['kind=a', 'task=t1'] })).items), ['Monday']);
    assert.deepEqual(titles((await list({ sharedExtendedProperty: 'plan=p' })).items), ['Monday']);
    assert.deepEqual(titles((await list({ privateExtendedProperty: 'plan=p' })).items), []);
    await refused(list({ privateExtendedProperty: 'nonsense' }), 400, 'invalid');
  });
  test('by words in title, text, place and guests', async () => {
    assert.deepEqual(titles((await list({ q: 'SWIFT' })).items), ['Monday']);
    assert.deepEqual(titles((await list({ q: 'library tuesday' })).items), ['Tuesday']);
    assert.deepEqual(titles((await list({ q: 'okafor' })).items), ['Tuesday']);
    assert.deepEqual(titles((await list({ q: 'library swift' })).items), []);
  });
  test('by iCalUID', async () => {
    const { iCalUID } = (await list()).items[1];
    assert.deepEqual(titles((await list({ iCalUID })).items), ['Tuesday']);
  });
  test('updatedMin brings later changes with deletions, and not too far back', async () => {
    await simulation.control('PUT', 'clock', { advance_ms: 3_600_000 });
    const { items } = await list();
    await events.delete({ calendarId, eventId: items[0].id });
    const found = await list({ updatedMin: new Date(Date.parse(items[0].updated) + 1000).toISOString() });
    assert.deepEqual(found.items.map((item) => item.status), ['cancelled']);
    await refused(list({ updatedMin: '2026-09-01T00:00:00Z' }), 410, 'updatedMinTooLongAgo');
  });
  test('deleted events only with showDeleted', async () => {
    const [monday] = (await list()).items;
    await events.delete({ calendarId, eventId: monday.id });
    assert.equal((await list()).items.length, 2);
    const all = (await list({ showDeleted: true })).items;
    assert.deepEqual(all.map((item) => item.status), ['confirmed', 'confirmed', 'cancelled']);
  });
  test('orders: updated always, startTime with singleEvents only', async () => {
    await simulation.control('PUT', 'clock', { advance_ms: 1000 });
    const [monday] = (await list()).items;
    await events.patch({ calendarId, eventId: monday.id, requestBody: { summary: 'Monday!' } });
    assert.equal(titles((await list({ orderBy: 'updated' })).items).at(-1), 'Monday!');
    assert.deepEqual(titles((await list({ orderBy: 'startTime', singleEvents: true })).items), ['Monday!', 'Tuesday', 'Wednesday']);
    await refused(list({ orderBy: 'startTime' }), 400, 'badRequest');
    await refused(list({ orderBy: 'title' }), 400, 'invalidParameter');
  });
  test('a series is one master, or its occurrences with singleEvents', async () => {
    const { id } = await insert({ ...at(26), summary: 'Daily', recurrence: ['RRULE:FREQ=DAILY;COUNT=3'] });
    await events.delete({ calendarId, eventId: `${id}_20261127T170000Z` });
    const masters = (await list()).items.filter((item) => item.summary === 'Daily');
    assert.deepEqual(masters.map((item) => item.recurrence), [['RRULE:FREQ=DAILY;COUNT=3']]);
    const single = (await list({ singleEvents: true, orderBy: 'startTime', timeMin: '2026-11-26T00:00:00Z' })).items;
    assert.deepEqual(single.map((item) => item.start.dateTime), ['2026-11-26T18:00:00+01:00', '2026-11-28T18:00:00+01:00']);
    const window = (await list({ timeMin: '2026-11-28T00:00:00Z', timeMax: '2026-11-29T00:00:00Z' })).items;
    assert.ok(window.some((item) => item.id === id), 'a series is in a window if one of its occurrences is');
  });
});

describe('pages', () => {
  beforeEach(async () => {
    for (let i = 1; i <= 7; i += 1) await insert({ ...at(10 + i), summary: `${i}` });
  });
  const seven = ['1', '2', '3', '4', '5', '6', '7'];

  test('maxResults cuts, tokens go on, nothing twice and nothing missing', async () => {
    for (const maxResults of [1, 2, 3, 7, 8, 5000]) {
      const all = await listAll({ maxResults });
      assert.deepEqual(titles(all.items), seven, `maxResults ${maxResults}`);
      assert.ok(all.nextSyncToken);
    }
    assert.equal((await listAll({ maxResults: 3 })).pages, 3);
    await refused(list({ maxResults: 0 }), 400, 'invalidParameter');
  });
  for (const [pages, count] of [['short', 4], ['empty', 8]]) {
    test(`${pages} pages lose nothing`, async (t) => {
      await simulation.control('POST', 'google/settings', { pages });
      t.after(() => simulation.control('POST', 'google/settings', { pages: 'full' }));
      const all = await listAll({ maxResults: pages === 'short' ? 4 : 2 });
      assert.deepEqual(titles(all.items), seven);
      assert.equal(all.pages, count);
    });
  }
  test('the occurrences of a series are paged, too', async (t) => {
    const { id: eventId } = await insert({ ...at(23), summary: 'Daily', recurrence: ['RRULE:FREQ=DAILY;COUNT=5'] });
    await simulation.control('POST', 'google/settings', { pages: 'empty' });
    t.after(() => simulation.control('POST', 'google/settings', { pages: 'full' }));
    const pages = [];
    let pageToken;
    do {
      const { data } = await events.instances({ calendarId, eventId, maxResults: 2, pageToken });
      pages.push(data.items.length);
      pageToken = data.nextPageToken;
    } while (pageToken);
    assert.deepEqual(pages, [0, 2, 0, 2, 0, 1]);
  });
  test('no page is larger than the largest', async (t) => {
    await simulation.control('POST', 'google/settings', { largest_page: 2 });
    t.after(() => simulation.control('POST', 'google/settings', { largest_page: 2500 }));
    for (const maxResults of [undefined, 2500]) {
      const all = await listAll({ maxResults });
      assert.deepEqual([titles(all.items), all.pages], [seven, 4]);
    }
  });
  test('a page token of another listing, an old one, and nonsense are refused', async () => {
    const { nextPageToken: pageToken } = await list({ maxResults: 2 });
    await refused(list({ maxResults: 2, pageToken, q: 'x' }), 400, 'invalid');
    await refused(list({ pageToken: 'nonsense' }), 400, 'invalid');
    await simulation.control('PUT', 'clock', { advance_ms: 3_601_000 });
    await refused(list({ maxResults: 2, pageToken }), 400, 'invalid');
  });
  test('an event changed between two pages is not lost', async () => {
    const first = await list({ maxResults: 3 });
    await events.patch({ calendarId, eventId: first.items[0].id, requestBody: { summary: '1 again' } });
    const rest = await list({ maxResults: 250, pageToken: first.nextPageToken });
    assert.deepEqual(titles(rest.items), ['4', '5', '6', '7', '1 again']);
  });
});

describe('deltas', () => {
  test('only what changed since, deletions with nothing but their id', async () => {
    const a = await insert({ ...at(23), summary: 'A' });
    const b = await insert({ ...at(24), summary: 'B' });
    await insert({ ...at(25), summary: 'C' });
    let { nextSyncToken: syncToken } = await listAll();
    const nothing = await listAll({ syncToken });
    assert.deepEqual(nothing.items, []);
    await events.patch({ calendarId, eventId: a.id, requestBody: { summary: 'A2' } });
    await events.delete({ calendarId, eventId: b.id });
    const delta = await listAll({ syncToken });
    assert.deepEqual(delta.items.map((item) => [item.id, item.status]), [[a.id, 'confirmed'], [b.id, 'cancelled']]);
    assert.deepEqual(Object.keys(delta.items[1]).sort(), ['etag', 'id', 'kind', 'status']);
    syncToken = delta.nextSyncToken;
    assert.deepEqual((await listAll({ syncToken })).items, []);
  });
  test('deletions say no more if they are asked for', async () => {
    const a = await insert({ ...at(23), summary: 'A' });
    const { nextSyncToken: syncToken } = await listAll({ showDeleted: true });
    await events.delete({ calendarId, eventId: a.id });
    const delta = await listAll({ syncToken, showDeleted: true });
    assert.deepEqual(delta.items.map((item) => Object.keys(item).sort()), [['etag', 'id', 'kind', 'status']]);
    assert.equal((await listAll({ showDeleted: true })).items[0].summary, 'A');
  });
  test('a delta is paged with the same sync token', async () => {
    const { nextSyncToken: syncToken } = await listAll();
    for (let i = 1; i <= 5; i += 1) await insert({ ...at(10 + i), summary: `${i}` });
    const delta = await listAll({ syncToken, maxResults: 2 });
    assert.equal(delta.pages, 3);
    assert.equal(delta.items.length, 5);
  });
  test('a change made while a full listing is paged is in the next delta', async () => {
    for (let i = 1; i <= 4; i += 1) await insert({ ...at(10 + i), summary: `${i}` });
    const first = await list({ maxResults: 2, singleEvents: true });
    await events.delete({ calendarId, eventId: first.items[0].id });
    const last = await list({ maxResults: 2, singleEvents: true, pageToken: first.nextPageToken });
    const delta = await listAll({ syncToken: last.nextSyncToken, singleEvents: true });
    assert.deepEqual(delta.items.map((item) => item.id), [first.items[0].id]);
  });
  test('the window of the full listing is remembered', async () => {
    const { nextSyncToken: syncToken } = await listAll({ timeMin: '2026-11-20T00:00:00Z', timeMax: '2026-12-01T00:00:00Z' });
    await insert({ ...at(23), summary: 'inside' });
    await insert({ ...timed('2027-03-01T10:00:00', '2027-03-01T11:00:00'), summary: 'outside' });
    assert.deepEqual(titles((await listAll({ syncToken })).items), ['inside']);
  });
  test('parameters that do not go with a sync token are 400', async () => {
    const { nextSyncToken: syncToken } = await listAll();
    for (const query of [{ timeMin: '2026-11-20T00:00:00Z' }, { timeMax: '2026-11-20T00:00:00Z' }, { q: 'x' }, { orderBy: 'updated' },
      { iCalUID: 'x' }, { updatedMin: '2026-11-20T00:00:00Z' }, { privateExtendedProperty: 'a=b' }, { sharedExtendedProperty: 'a=b' },
      { showDeleted: false }, { singleEvents: true }]) {
      await refused(list({ syncToken, ...query }), 400, 'invalidParameter');
    }
    const garbled = await refused(list({ syncToken: 'nonsense' }), 400, 'invalid');
    assert.deepEqual([garbled.location, garbled.message], ['syncToken', 'Invalid sync token value.']);
    assert.deepEqual((await list({ syncToken, showDeleted: true })).items, []);
  });
  test('listings that are ordered or filtered bring no sync token', async () => {
    assert.ok(!(await list({ q: 'x' })).nextSyncToken);
    assert.ok(!(await list({ orderBy: 'updated' })).nextSyncToken);
  });
  test('an expired token is 410 fullSyncRequired, also in the middle of paging', async () => {
    const { nextSyncToken: syncToken } = await listAll();
    for (let i = 1; i <= 3; i += 1) await insert({ ...at(10 + i), summary: `${i}` });
    const first = await list({ syncToken, maxResults: 1 });
    await simulation.control('POST', 'google/expire_sync_tokens', { user: 'ana.torres@example.com', calendar: calendarId });
    const problem = await refused(list({ syncToken, maxResults: 1, pageToken: first.nextPageToken }), 410, 'fullSyncRequired');
    assert.equal(problem.location, 'syncToken');
    assert.deepEqual((await listAll({ syncToken: (await listAll()).nextSyncToken })).items, []);
  });
  test('a token dies of age', async () => {
    const { nextSyncToken: syncToken } = await listAll();
    await simulation.control('PUT', 'clock', { advance_ms: 31 * 86_400_000 });
    await refused(list({ syncToken }), 410, 'fullSyncRequired');
  });
});

test('every request and reply fits the official description', { skip: specMissing }, async () => {
  const { calls, problems } = await judgeLog(simulation);
  assert.ok(calls.length > 100, `${calls.length} calls`);
  assert.deepEqual(problems, []);
});
