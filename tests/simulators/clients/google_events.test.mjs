// Single events through Google's own client.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { ANA, BEN, calendarClient, days, refused, signIn, startSimulation, timed } from './google_support.mjs';
import { judgeLog, specMissing } from './google_spec.mjs';

const calendarId = 'primary';
let simulation;
let events;

before(async () => {
  simulation = await startSimulation();
  await simulation.control('PUT', 'clock', { now_ms: Date.parse('2026-11-20T09:00:00Z') });
  events = (await calendarClient(simulation.base)).events;
});
after(() => simulation.stop());

const insert = async (requestBody, more = {}) => (await events.insert({ calendarId, requestBody, ...more })).data;
const evening = timed('2026-11-23T18:00:00', '2026-11-23T19:30:00');

describe('insert', () => {
  test('a full event comes back as Google shows it', async () => {
    const { status, data, headers } = await events.insert({ calendarId, requestBody: {
      id: 'a0b1c2d3e4f5', summary: 'Read chapter 1', description: 'Notes', location: 'Library', colorId: '7', ...evening,
      attendees: [{ email: BEN.email }], reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 30 }] },
      extendedProperties: { private: { appTaskId: 't1' } }, source: { title: 'Plan', url: 'https://example.com/t/1' } } });
    assert.equal(status, 200);
    assert.equal(data.kind, 'calendar#event');
    assert.equal(data.status, 'confirmed');
    assert.match(data.etag, /^"\d+"$/);
    assert.equal(headers.etag ?? headers.get?.('etag'), data.etag);
    assert.deepEqual(data.start, { dateTime: '2026-11-23T18:00:00+01:00', timeZone: 'Europe/Madrid' });
    assert.equal(data.created, '2026-11-20T09:00:00.000Z');
    assert.equal(data.updated, data.created);
    assert.equal(data.sequence, 0);
    assert.equal(data.iCalUID, 'a0b1c2d3e4f5@google.com');
    assert.deepEqual(data.creator, { email: ANA.email, self: true });
    assert.deepEqual(data.organizer, { email: ANA.email, self: true });
    assert.deepEqual(data.attendees, [{ email: BEN.email, responseStatus: 'needsAction' }]);
    assert.deepEqual(data.reminders, { useDefault: false, overrides: [{ method: 'popup', minutes: 30 }] });
    assert.deepEqual(data.source, { title: 'Plan', url: 'https://example.com/t/1' });
    assert.equal(data.eventType, 'default');
    assert.equal((await events.get({ calendarId, eventId: data.id })).data.etag, data.etag);
  });

  test('defaults are left out of the reply', async () => {
    const event = await insert({ ...evening, transparency: 'opaque', visibility: 'default', guestsCanModify: false, description: '' });
    for (const name of ['transparency', 'visibility', 'guestsCanModify', 'description', 'summary']) assert.ok(!(name in event), name);
    assert.deepEqual(event.reminders, { useDefault: true });
  });

  test('a chosen id is taken for ever: 409 duplicate, also after deletion', async () => {
    const id = 'taken0000001';
    await insert({ id, ...evening });
    await refused(insert({ id, ...evening }), 409, 'duplicate');
    assert.equal((await events.delete({ calendarId, eventId: id })).status, 204);
    await refused(insert({ id, ...evening }), 409, 'duplicate');
    assert.equal((await events.get({ calendarId, eventId: id })).data.status, 'cancelled');
    const revived = (await events.update({ calendarId, eventId: id, requestBody: { ...evening, summary: 'Back', status: 'confirmed' } })).data;
    assert.equal(revived.status, 'confirmed');
  });

  for (const id of ['abcd', 'with-dash-1', 'UPPER12345', 'wxyz12345', 'a'.repeat(1025)]) {
    test(`the id ${id.slice(0, 12)} is refused`, () => refused(insert({ id, ...evening }), 400, 'invalid'));
  }
  test('ids of 5 and of 1024 characters are taken', async () => {
    await insert({ id: 'vv000', ...evening });
    await insert({ id: 'v'.repeat(1024), ...evening });
  });

  const bad = [
    ['no start', { end: evening.end }, 'required'],
    ['no end', { start: evening.start }, 'required'],
    ['an end before the start', timed('2026-11-23T18:00:00', '2026-11-23T17:00:00'), 'timeRangeEmpty'],
    ['an empty day range', days('2026-11-23', '2026-11-23'), 'timeRangeEmpty'],
    ['a mixture of date and dateTime', { start: { date: '2026-11-23' }, end: evening.end }, 'invalid'],
    ['both date and dateTime', { start: { date: '2026-11-23', dateTime: '2026-11-23T18:00:00Z' }, end: evening.end }, 'invalid'],
    ['a 30th of February', days('2026-02-30', '2026-03-02'), 'invalid'],
    ['a local time without a zone', { start: { dateTime: '2026-11-23T18:00:00' }, end: evening.end }, 'required'],
    ['an unknown zone', timed('2026-11-23T18:00:00', '2026-11-23T19:00:00', 'Mars/Base'), 'invalid'],
    ['nonsense for a time', { start: { dateTime: 'tomorrow' }, end: evening.end }, 'invalid'],
    ['colour 12', { ...evening, colorId: '12' }, 'invalid'],
    ['an unknown status', { ...evening, status: 'done' }, 'invalid'],
    ['an unknown visibility', { ...evening, visibility: 'secret' }, 'invalid'],
    ['a guest without e-mail', { ...evening, attendees: [{ displayName: 'Ben' }] }, 'required'],
    ['a guest with a bad e-mail', { ...evening, attendees: [{ email: 'ben' }] }, 'invalid'],
    ['six reminders', { ...evening, reminders: { useDefault: false, overrides: Array(6).fill({ method: 'popup', minutes: 5 }) } }, 'invalid'],
    ['reminders beside the default', { ...evening, reminders: { useDefault: true, overrides: [{ method: 'popup', minutes: 5 }] } }, 'cannotUseDefaultRemindersAndSpecifyOverride'],
    ['a reminder by SMS', { ...evening, reminders: { useDefault: false, overrides: [{ method: 'sms', minutes: 5 }] } }, 'invalid'],
    ['a reminder five weeks ahead', { ...evening, reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 40321 }] } }, 'invalid'],
    ['a property key of 45', { ...evening, extendedProperties: { private: { ['k'.repeat(45)]: 'v' } } }, 'invalid'],
    ['a property of 1025', { ...evening, extendedProperties: { private: { k: 'v'.repeat(1025) } } }, 'invalid'],
    ['301 properties', { ...evening, extendedProperties: { shared: Object.fromEntries(Array.from({ length: 301 }, (_, i) => [`k${i}`, 'v'])) } }, 'invalid'],
    ['over 32 kB of properties', { ...evening, extendedProperties: { shared: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, 'v'.repeat(900)])) } }, 'invalid'],
    ['a source that is no web page', { ...evening, source: { url: 'mailto:a@example.com' } }, 'invalid'],
    ['a description over the limit', { ...evening, description: 'x'.repeat(8193) }, 'invalid'],
    ['a recurrence without a zone', { start: { dateTime: '2026-11-23T18:00:00Z' }, end: { dateTime: '2026-11-23T19:00:00Z' }, recurrence: ['RRULE:FREQ=DAILY'] }, 'required'],
    ['a rule that is none', { ...evening, recurrence: ['RRULE:FREQ=SOMETIMES'] }, 'invalid'],
    ['DTSTART among the rules', { ...evening, recurrence: ['DTSTART:20261123T180000Z'] }, 'invalid'],
    ['UNTIL of another sort', { ...evening, recurrence: ['RRULE:FREQ=DAILY;UNTIL=20261201'] }, 'invalid'],
    ['another event type', { ...evening, eventType: 'focusTime' }, 'eventTypeRestriction'],
  ];
  for (const [what, body, reason] of bad) test(`${what} is refused: ${reason}`, () => refused(insert(body), 400, reason));

  test('a body that is not JSON is a parseError', async () => {
    const { access_token: token } = await signIn(simulation.base, ['calendar']);
    const reply = await fetch(`${simulation.base}/calendar/v3/calendars/primary/events`, { method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: '{"summary":' });
    assert.equal(reply.status, 400);
    assert.equal((await reply.json()).error.errors[0].reason, 'parseError');
  });

  test('a Meet link is made only with conferenceDataVersion=1, and a later write leaves it alone', async () => {
    const conferenceData = { createRequest: { requestId: 'r1', conferenceSolutionKey: { type: 'hangoutsMeet' } } };
    assert.ok(!(await insert({ ...evening, conferenceData })).hangoutLink);
    const made = await insert({ ...evening, conferenceData }, { conferenceDataVersion: 1 });
    assert.equal(made.conferenceData.createRequest.status.statusCode, 'success');
    assert.equal(made.conferenceData.entryPoints[0].uri, made.hangoutLink);
    const kept = (await events.patch({ calendarId, eventId: made.id, requestBody: { summary: 'x' } })).data;
    assert.equal(kept.hangoutLink, made.hangoutLink);
  });
});

describe('times', () => {
  test('an all-day event keeps its dates, the end exclusive', async () => {
    const event = await insert(days('2026-11-23', '2026-11-24'));
    assert.deepEqual([event.start, event.end], [{ date: '2026-11-23' }, { date: '2026-11-24' }]);
  });
  test('replies carry the offset of the calendar, the zone of creation', async () => {
    const event = await insert(timed('2026-07-01T12:00:00', '2026-07-01T13:00:00', 'America/New_York'));
    assert.deepEqual(event.start, { dateTime: '2026-07-01T18:00:00+02:00', timeZone: 'America/New_York' });
    const elsewhere = (await events.get({ calendarId, eventId: event.id, timeZone: 'UTC' })).data;
    assert.equal(elsewhere.start.dateTime, '2026-07-01T16:00:00Z');
  });
  test('a time in the gap of spring moves forward, an ambiguous one is the first', async () => {
    const spring = await insert(timed('2026-03-29T02:30:00', '2026-03-29T04:00:00'));
    assert.equal(spring.start.dateTime, '2026-03-29T03:30:00+02:00');
    const autumn = await insert(timed('2026-10-25T02:30:00', '2026-10-25T04:00:00'));
    assert.equal(autumn.start.dateTime, '2026-10-25T02:30:00+02:00');
  });
  test('a patch switches between timed and all-day with explicit nulls, and only so', async () => {
    const { id: eventId } = await insert(evening);
    await refused(events.patch({ calendarId, eventId, requestBody: days('2026-11-24', '2026-11-25') }), 400, 'invalid');
    const off = { dateTime: null, timeZone: null };
    const whole = (await events.patch({ calendarId, eventId, requestBody: { start: { date: '2026-11-24', ...off }, end: { date: '2026-11-25', ...off } } })).data;
    assert.deepEqual(whole.start, { date: '2026-11-24' });
    const back = (await events.patch({ calendarId, eventId, requestBody: {
      start: { ...evening.start, date: null }, end: { ...evening.end, date: null } } })).data;
    assert.equal(back.start.dateTime, '2026-11-23T18:00:00+01:00');
  });
});

describe('update, patch, delete', () => {
  test('update replaces everything that it does not name', async () => {
    const { id: eventId } = await insert({ ...evening, summary: 'A', description: 'B', colorId: '3' });
    const { data } = await events.update({ calendarId, eventId, requestBody: { ...evening, summary: 'C' } });
    assert.equal(data.summary, 'C');
    assert.ok(!('description' in data) && !('colorId' in data));
    await refused(events.update({ calendarId, eventId, requestBody: { summary: 'no times' } }), 400, 'required');
  });

  test('patch merges objects, replaces arrays, removes with null', async () => {
    const { id: eventId } = await insert({ ...evening, summary: 'A', colorId: '3', attendees: [{ email: BEN.email }, { email: 'x@example.com' }],
      extendedProperties: { private: { a: '1', b: '2' } } });
    const { data } = await events.patch({ calendarId, eventId, requestBody: { colorId: null, attendees: [{ email: 'x@example.com' }],
      extendedProperties: { private: { b: null, c: '3' } } } });
    assert.equal(data.summary, 'A');
    assert.ok(!('colorId' in data));
    assert.deepEqual(data.attendees.map((guest) => guest.email), ['x@example.com']);
    assert.deepEqual(data.extendedProperties.private, { a: '1', c: '3' });
  });

  test('sequence counts reschedulings, and a lower number is refused', async () => {
    const { id: eventId } = await insert(evening);
    assert.equal((await events.patch({ calendarId, eventId, requestBody: { summary: 'A' } })).data.sequence, 0);
    const later = timed('2026-11-24T18:00:00', '2026-11-24T19:30:00');
    assert.equal((await events.patch({ calendarId, eventId, requestBody: later })).data.sequence, 1);
    await refused(events.update({ calendarId, eventId, requestBody: { ...later, sequence: 0 } }), 400, 'invalid');
    assert.equal((await events.update({ calendarId, eventId, requestBody: { ...later, sequence: 1 } })).data.sequence, 1);
  });

  test('updated moves with every write except one of reminders; the ETag always does', async () => {
    const first = await insert(evening);
    await simulation.control('PUT', 'clock', { advance_ms: 60_000 });
    const reminded = (await events.patch({ calendarId, eventId: first.id, requestBody: { reminders: { useDefault: false } } })).data;
    assert.equal(reminded.updated, first.updated);
    assert.notEqual(reminded.etag, first.etag);
    const renamed = (await events.patch({ calendarId, eventId: first.id, requestBody: { summary: 'A' } })).data;
    assert.notEqual(renamed.updated, first.updated);
  });

  test('If-Match of an old version is 412 on update, patch and delete; If-None-Match is 304', async () => {
    const first = await insert(evening);
    const eventId = first.id;
    const now = (await events.patch({ calendarId, eventId, requestBody: { summary: 'newer' } })).data;
    const old = { headers: { 'If-Match': first.etag } };
    const problem = await refused(events.patch({ calendarId, eventId, requestBody: { summary: 'x' } }, old), 412, 'conditionNotMet');
    assert.equal(problem.location, 'If-Match');
    await refused(events.update({ calendarId, eventId, requestBody: evening }, old), 412, 'conditionNotMet');
    await refused(events.delete({ calendarId, eventId }, old), 412, 'conditionNotMet');
    const same = await events.get({ calendarId, eventId }, { headers: { 'If-None-Match': now.etag }, validateStatus: () => true });
    assert.equal(same.status, 304);
    assert.equal((await events.delete({ calendarId, eventId }, { headers: { 'If-Match': now.etag } })).status, 204);
  });

  test('deleting: 204, again 410 deleted, never existed 404', async () => {
    const { id: eventId } = await insert({ ...evening, summary: 'Gone' });
    assert.equal((await events.delete({ calendarId, eventId })).status, 204);
    await refused(events.delete({ calendarId, eventId }), 410, 'deleted');
    await refused(events.delete({ calendarId, eventId: 'never00000' }), 404, 'notFound');
    await refused(events.get({ calendarId, eventId: 'never00000' }), 404, 'notFound');
    await refused(events.patch({ calendarId, eventId: 'never00000', requestBody: {} }), 404, 'notFound');
    const kept = (await events.get({ calendarId, eventId })).data;
    assert.equal(kept.status, 'cancelled');
    assert.equal(kept.summary, 'Gone');  // details stay with the organiser until restored
  });

  test('fields select a part of the reply, and nonsense there is refused', async () => {
    const { id: eventId } = await insert({ ...evening, attendees: [{ email: BEN.email }] });
    const { data } = await events.get({ calendarId, eventId, fields: 'id,start/dateTime,attendees(email)' });
    assert.deepEqual(data, { id: eventId, start: { dateTime: '2026-11-23T18:00:00+01:00' }, attendees: [{ email: BEN.email }] });
    await refused(events.get({ calendarId, eventId, fields: 'id,(' }), 400, 'invalidParameter');
  });
});

describe('move and import', () => {
  test('an event moves to another calendar and is cancelled in the first', async () => {
    const client = await calendarClient(simulation.base);
    const { data: target } = await client.calendars.insert({ requestBody: { summary: 'Plan' } });
    const { id: eventId } = await insert({ ...evening, summary: 'Wanders' });
    const { data } = await client.events.move({ calendarId, eventId, destination: target.id });
    assert.equal(data.organizer.email, target.id);
    assert.equal((await client.events.get({ calendarId: target.id, eventId })).data.summary, 'Wanders');
    assert.equal((await client.events.get({ calendarId, eventId })).data.status, 'cancelled');
    await refused(client.events.move({ calendarId, eventId: 'never00000', destination: target.id }), 404, 'notFound');
    await refused(client.events.move({ calendarId: target.id, eventId, destination: 'nowhere@example.com' }), 404, 'notFound');
  });

  test('import needs an iCalUID, and the same one again updates the copy', async () => {
    await refused(events.import({ calendarId, requestBody: evening }), 400, 'required');
    const body = { ...evening, iCalUID: 'abc@elsewhere.example', summary: 'Copy' };
    const first = (await events.import({ calendarId, requestBody: body })).data;
    assert.equal(first.iCalUID, body.iCalUID);
    const again = (await events.import({ calendarId, requestBody: { ...body, summary: 'Newer' } })).data;
    assert.equal(again.id, first.id);
    assert.equal(again.summary, 'Newer');
  });
});

describe('series', () => {
  const series = { ...timed('2026-10-19T18:00:00', '2026-10-19T19:00:00'), summary: 'Weekly', recurrence: ['RRULE:FREQ=WEEKLY;COUNT=4', 'EXDATE;TZID=Europe/Madrid:20261109T180000'] };
  test('occurrences keep the wall clock over a change of offset', async () => {
    const { id: eventId } = await insert(series);
    const { data } = await events.instances({ calendarId, eventId });
    assert.deepEqual(data.items.map((item) => item.start.dateTime),
      ['2026-10-19T18:00:00+02:00', '2026-10-26T18:00:00+01:00', '2026-11-02T18:00:00+01:00']);
    assert.equal(data.items[0].id, `${eventId}_20261019T160000Z`);
    assert.equal(data.items[1].recurringEventId, eventId);
  });
  test('one occurrence is changed, another cancelled; the series stands', async () => {
    const { id: master } = await insert(series);
    const second = `${master}_20261026T170000Z`;
    const third = `${master}_20261102T170000Z`;
    const changed = (await events.patch({ calendarId, eventId: second, requestBody: { summary: 'Special' } })).data;
    assert.equal(changed.originalStartTime.dateTime, '2026-10-26T18:00:00+01:00');
    assert.equal((await events.delete({ calendarId, eventId: third })).status, 204);
    await refused(events.delete({ calendarId, eventId: third }), 410, 'deleted');
    await refused(events.get({ calendarId, eventId: `${master}_20261027T170000Z` }), 404, 'notFound');
    const { items } = (await events.instances({ calendarId, eventId: master })).data;
    assert.deepEqual(items.map((item) => item.summary), ['Weekly', 'Special']);
    const all = (await events.instances({ calendarId, eventId: master, showDeleted: true })).data.items;
    const gone = all.find((item) => item.id === third);
    assert.deepEqual(Object.keys(gone).sort(), ['etag', 'id', 'kind', 'originalStartTime', 'recurringEventId', 'status']);
    const one = (await events.instances({ calendarId, eventId: master, originalStart: '2026-10-26T18:00:00+01:00' })).data.items;
    assert.deepEqual(one.map((item) => item.id), [second]);
  });
  test('a cancelled occurrence comes back with status confirmed', async () => {
    const { id: master } = await insert(series);
    const eventId = `${master}_20261026T170000Z`;
    await events.patch({ calendarId, eventId, requestBody: { status: 'cancelled' } });
    const { data } = await events.patch({ calendarId, eventId, requestBody: { status: 'confirmed' } });
    assert.equal(data.start.dateTime, '2026-10-26T18:00:00+01:00');
    assert.equal(data.summary, 'Weekly');
  });
});

test('every request and reply fits the official description', { skip: specMissing }, async () => {
  const { calls, problems } = await judgeLog(simulation);
  assert.ok(calls.length > 100, `${calls.length} calls`);
  assert.deepEqual(problems, []);
});
