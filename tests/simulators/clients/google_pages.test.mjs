// What people see and do at the simulated Google, by page and by script; and requests meant to break it.
import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { ANA, BEN, authorizeUrl, calendarClient, clientFor, days, refused, signIn, startSimulation, timed } from './google_support.mjs';

let simulation;
let base;
let client;
let token;
const calendarId = 'primary';
const evening = timed('2026-11-23T18:00:00', '2026-11-23T19:30:00');

before(async () => {
  simulation = await startSimulation();
  base = simulation.base;
});
beforeEach(async () => {
  await simulation.control('POST', 'reset');
  await simulation.control('PUT', 'clock', { now_ms: Date.parse('2026-11-20T09:00:00Z') });
  ({ access_token: token } = await signIn(base, ['calendar']));
  client = clientFor(base, token);
});
after(() => simulation.stop());

const insert = async (requestBody) => (await client.events.insert({ calendarId, requestBody })).data;
const open = async (path) => {
  const reply = await fetch(base + path);
  return { status: reply.status, html: await reply.text() };
};
const send = async (path, form) => {
  const reply = await fetch(base + path, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
  return { status: reply.status, location: reply.headers.get('location'), html: await reply.text() };
};
const pageOf = (event, owner = ANA) => `/google/${encodeURIComponent(owner.email)}/${encodeURIComponent(ANA.email)}/${event.id}`;

describe('pages', () => {
  test('the accounts, a month, an event', async () => {
    const event = await insert({ ...evening, summary: '✓ Read <chapter> 1', description: 'See https://example.com/a?b=1&c=2.', location: 'Library',
      colorId: '11', attendees: [{ email: BEN.email }], source: { title: 'Open', url: 'https://example.com/t' },
      reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 30 }] } });
    await insert({ ...days('2026-11-25', '2026-11-27'), summary: 'Two days' });
    const accounts = await open('/google');
    assert.match(accounts.html, /ana\.torres@example\.com · 2 events/);
    const month = await open(`/google/${ANA.email}?month=2026-11`);
    assert.match(month.html, /November 2026/);
    assert.match(month.html, /✓ Read &lt;chapter&gt; 1/);
    assert.match(month.html, /18:00 – 19:30/);
    assert.match(month.html, /#dc2127/);
    assert.equal(month.html.match(/>Two days</g).length, 4);  // two days, each in grid and agenda
    assert.match(month.html, /control\/version/);
    const detail = (await open(pageOf(event))).html;
    for (const part of ['Library', 'Europe/Madrid', '2026-11-23 18:00 – 19:30', 'popup 30 min before', `${BEN.email} (needsAction)`,
      '<a rel="noreferrer" href="https://example.com/t">Open</a>', 'href="https://example.com/a?b=1&amp;c=2."']) {
      assert.ok(detail.includes(part), part);
    }
  });
  test('times stand on the wall of the calendar, series on each of their days', async () => {
    await insert({ ...timed('2026-11-03T09:00:00', '2026-11-03T10:00:00', 'America/New_York'), summary: 'Stand-up', recurrence: ['RRULE:FREQ=WEEKLY;COUNT=3'] });
    const { html } = await open(`/google/${ANA.email}`);
    assert.equal(html.match(/15:00 – 16:00/g).length, 3);
  });
  test('a person renames and moves an event; the app finds it in its delta', async () => {
    const event = await insert({ ...evening, summary: 'Before', extendedProperties: { private: { task: 't1' } } });
    const { nextSyncToken: syncToken } = (await client.events.list({ calendarId })).data;
    const saved = await send(pageOf(event), { do: 'save', title: 'After', start: '2026-11-24T20:00', end: '2026-11-24T21:00' });
    assert.equal(saved.status, 303);
    const [changed] = (await client.events.list({ calendarId, syncToken })).data.items;
    assert.equal(changed.summary, 'After');
    assert.equal(changed.start.dateTime, '2026-11-24T20:00:00+01:00');
    assert.equal(changed.sequence, 1);
    assert.deepEqual(changed.extendedProperties, event.extendedProperties);
    await refused(client.events.patch({ calendarId, eventId: event.id, requestBody: { summary: 'x' } }, { headers: { 'If-Match': event.etag } }), 412, 'conditionNotMet');
  });
  test('a whole day is edited by its last day', async () => {
    const event = await insert({ ...days('2026-11-25', '2026-11-26'), summary: 'Day' });
    await send(pageOf(event), { do: 'save', title: 'Days', start: '2026-11-25', end: '2026-11-27' });
    const { data } = await client.events.get({ calendarId, eventId: event.id });
    assert.deepEqual([data.start, data.end], [{ date: '2026-11-25' }, { date: '2026-11-28' }]);
  });
  test('what the rules forbid is said on the page and changes nothing', async () => {
    const event = await insert({ ...evening, summary: 'Stays' });
    const { status, html } = await send(pageOf(event), { do: 'save', title: 'x', start: '2026-11-24T20:00', end: '2026-11-24T19:00' });
    assert.equal(status, 400);
    assert.match(html, /role="alert".*The specified time range is empty/);
    assert.equal((await client.events.get({ calendarId, eventId: event.id })).data.summary, 'Stays');
  });
  test('a person deletes and creates', async () => {
    const event = await insert({ ...evening, summary: 'Goes' });
    assert.equal((await send(pageOf(event), { do: 'delete', title: 'Goes', start: '', end: '' })).status, 303);
    assert.equal((await client.events.get({ calendarId, eventId: event.id })).data.status, 'cancelled');
    assert.equal((await open(pageOf(event))).status, 404);
    const made = await send(`/google/${ANA.email}/${ANA.email}`, { do: 'create', title: 'Dentist', start: '2026-12-01T10:00', end: '2026-12-01T11:00' });
    assert.match(made.location, /month=2026-12/);
    assert.deepEqual((await client.events.list({ calendarId })).data.items.map((item) => item.summary), ['Dentist']);
    const bad = await send(`/google/${ANA.email}/${ANA.email}`, { do: 'create', title: 'x', start: 'nonsense', end: '' });
    assert.equal(bad.status, 400);
  });
  test('nobody edits what is not theirs', async () => {
    const event = await insert({ ...evening, summary: 'Private' });
    assert.equal((await open(pageOf(event, BEN))).status, 404);
    assert.equal((await send(pageOf(event, BEN), { do: 'delete' })).status, 404);
    await simulation.control('POST', 'google/share', { user: ANA.email, with: BEN.email, role: 'reader' });
    assert.ok(!(await open(pageOf(event, BEN))).html.includes('<button'));
    assert.equal((await send(pageOf(event, BEN), { do: 'delete' })).status, 404);
  });
  for (const path of ['/google/nobody@example.com', '/google/x/y/z/a/b', `/google/${ANA.email}/nowhere/x`, `/google/${ANA.email}/${ANA.email}/never0000`]) {
    test(`${path} is 404`, async () => assert.equal((await open(path)).status, 404));
  }
});

describe('by script', () => {
  test('users, calendars and events are listed; events are made, edited, deleted', async () => {
    const { users } = await simulation.control('POST', 'google/users', {});
    assert.deepEqual(users.map((user) => [user.email, user.grants.length]), [[ANA.email, 1], [BEN.email, 0], ['chloe.lindqvist@example.com', 0]]);
    const made = await simulation.control('POST', 'google/create_event', { user: ANA.id, event: { ...evening, summary: 'By script' } });
    const edited = await simulation.control('POST', 'google/edit_event', { user: ANA.email, id: made.id, changes: { summary: 'Edited', location: null } });
    assert.equal(edited.summary, 'Edited');
    assert.equal(edited.start.dateTime, made.start.dateTime);
    const { items } = await simulation.control('POST', 'google/events', { user: ANA.sub });
    assert.deepEqual(items.map((item) => item.id), [made.id]);
    await simulation.control('POST', 'google/delete_event', { user: ANA.email, id: made.id });
    assert.deepEqual((await simulation.control('POST', 'google/events', { user: ANA.email })).items, []);
    assert.equal((await simulation.control('POST', 'google/events', { user: ANA.email, deleted: true })).items.length, 1);
    const { calendars } = await simulation.control('POST', 'google/calendars', { user: ANA.email });
    assert.equal(calendars.find((calendar) => calendar.id === ANA.email).role, 'owner');
  });
  for (const [action, body] of [['nonsense', { user: ANA.email }], ['events', { user: 'nobody' }], ['events', { user: ANA.email, calendar: 'nowhere' }],
    ['create_event', { user: ANA.email }], ['edit_event', { user: ANA.email, id: 5, changes: {} }], ['share', { user: ANA.email, with: 'nobody', role: 'reader' }],
    ['set_time_zone', { user: ANA.email, time_zone: 'Mars/Base' }], ['users', []], ['delete_event', { user: ANA.email, id: 'never0000' }]]) {
    test(`${action} ${JSON.stringify(body)} is a mistake, not an accident`, async () => {
      const reply = await fetch(`${base}/control/google/${action}`, { method: 'POST', body: JSON.stringify(body) });
      assert.ok([400, 404].includes(reply.status), `${reply.status}`);
      assert.ok((await reply.json()).error);
    });
  }
});

describe('hostile requests', () => {
  const raw = async (method, path, body) => {
    const reply = await fetch(`${base}/calendar/v3${path}`, { method, body,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });
    const text = await reply.text();
    return { status: reply.status, body: text === '' ? null : JSON.parse(text) };
  };
  const events = '/calendars/primary/events';
  const nested = (depth) => `{"summary":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;
  const bodies = { 'an array': '[]', 'a string': '"x"', null: 'null', nothing: '', 'half a document': '{"summary": "x', 'bytes that are no UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    'a hundred thousand levels': nested(100_000), 'numbers for everything': JSON.stringify({ summary: 1, start: 1, end: 1 }),
    'lists for everything': JSON.stringify({ summary: [], start: [], end: [], attendees: {}, reminders: [], recurrence: {}, extendedProperties: [] }),
    'reminders of the wrong sort': JSON.stringify({ ...evening, reminders: { useDefault: 'no', overrides: {} } }),
    'a recurrence of numbers': JSON.stringify({ ...evening, recurrence: [1, null] }),
    'a sequence beyond numbers': JSON.stringify({ ...evening, sequence: 1e300 }),
    'properties of numbers': JSON.stringify({ ...evening, extendedProperties: { private: { a: 1 } } }) };
  for (const [what, body] of Object.entries(bodies)) {
    test(`a body that is ${what} is 400`, async () => {
      for (const [method, path] of [['POST', events], ['POST', `${events}/import`], ['POST', '/calendars']]) {
        const reply = await raw(method, path, body);
        assert.equal(reply.status, 400, `${method} ${path}`);
        assert.ok(reply.body.error.errors[0].reason);
      }
    });
  }
  const queries = ['fields=((((', `fields=${'a('.repeat(3000)}`, 'fields=', 'fields=%ff(', 'pageToken=%00', 'syncToken=e30', 'syncToken=eyJzeW5jIjoieCJ9',
    'pageToken=eyJwYWdlIjpudWxsfQ', 'maxResults=-1', 'maxResults=99999999999999999999', 'maxResults=1e3', 'timeMin=2026-11-20', 'timeMax=0000-00-00T00:00:00Z',
    'timeZone=../../etc/passwd', 'orderBy=%ff'];
  for (const query of queries) {
    test(`the query ${query.slice(0, 40)} is 400`, async () => {
      const reply = await raw('GET', `${events}?${query}`);
      assert.equal(reply.status, 400);
      assert.ok(reply.body.error.errors[0].reason);
    });
  }
  test('words that are no UTF-8 page like others', async () => {
    await insert({ ...evening, summary: 'a' });
    const reply = await raw('GET', `${events}?maxResults=1&q=%ff`);
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.body.items, []);
  });
  for (const rule of ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31', 'FREQ=DAILY;INTERVAL=32767', 'FREQ=SECONDLY', 'FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=31',
    'FREQ=DAILY;COUNT=2147483647', 'FREQ=YEARLY;BYSETPOS=-366;BYDAY=MO']) {
    test(`the rule ${rule} ends in time`, async () => {
      const started = performance.now();
      const reply = await raw('POST', events, JSON.stringify({ ...evening, recurrence: [`RRULE:${rule}`] }));
      if (reply.status === 200) {
        const { id } = reply.body;
        assert.equal((await raw('GET', `${events}/${id}/instances?maxResults=5`)).status, 200);
        assert.equal((await raw('GET', `${events}?singleEvents=true&timeMin=2030-01-01T00:00:00Z&timeMax=2030-02-01T00:00:00Z`)).status, 200);
        assert.equal((await open(`/google/${ANA.email}?month=2030-01`)).status, 200);
      } else {
        assert.equal(reply.status, 400);
      }
      // An endless search is what must not be; a busy machine may take its time.
      assert.ok(performance.now() - started < 30_000, `${performance.now() - started} ms`);
    });
  }
  test('pages escape what strangers write', async () => {
    const event = await insert({ ...evening, summary: '<script>alert(1)</script>', description: 'javascript:alert(1) https://x"onclick="y',
      source: { url: 'https://x.example/"><script>', title: '<i>' } });
    for (const path of [`/google/${ANA.email}`, pageOf(event)]) {
      const { html } = await open(path);
      assert.ok(!html.includes('<script>alert') && !html.includes('"><script>') && !html.includes('"onclick='), path);
    }
  });
  test('the consent page escapes and its way back splits no header', async () => {
    const reply = await fetch(authorizeUrl(base, { scope: 'openid', prompt: 'none', state: 'a\r\nSet-Cookie: x=1', login_hint: ANA.email }), { redirect: 'manual' });
    assert.equal(reply.headers.get('set-cookie'), null);
    const page = await (await fetch(authorizeUrl(base, { scope: 'openid', state: '"><script>' }))).text();
    assert.ok(!page.includes('"><script>'));
  });
  test('many events made in parallel are all listed, each once', async () => {
    await simulation.control('PUT', 'limits', { google_per_user: 0, google_project: 0 });
    const one = (n) => raw('POST', events, JSON.stringify({ ...evening, summary: `${n}`, extendedProperties: { private: { task: `t${n}` } } }));
    for (let i = 0; i < 480; i += 16) await Promise.all(Array.from({ length: 16 }, (_, k) => one(i + k)));
    const seen = [];
    let pageToken;
    do {
      const page = (await client.events.list({ calendarId, maxResults: 100, pageToken })).data;
      seen.push(...page.items.map((item) => item.id));
      ({ nextPageToken: pageToken } = page);
    } while (pageToken);
    assert.deepEqual([seen.length, new Set(seen).size], [480, 480]);
    const found = (await client.events.list({ calendarId, privateExtendedProperty: 'task=t123' })).data.items;
    assert.deepEqual(found.map((item) => item.summary), ['123']);
  });
});
