// The oracle itself: it accepts what is right and finds what is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Oracle } from './validate.mjs';

const oracle = await Oracle.load();
const options = oracle ? {} : { skip: 'no API descriptions on this machine' };

const notion = (method, path, body = null, more = {}) => ({
  provider: 'notion', method, path, body, query: [], headers: { 'Notion-Version': '2026-03-11' }, status: 200, ...more,
});
const id = '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01';
const text = [{ type: 'text', text: { content: 'x' } }];
const nest = (depth) => ({ toggle: { rich_text: text, ...(depth > 0 && { children: [nest(depth - 1)] }) } });
const problems = (entry) => oracle.check([entry]).failures.flatMap((failure) => failure.problems);

test('right requests pass', options, () => {
  const right = [
    notion('PATCH', `/v1/blocks/${id}/children`, { children: [nest(2)], position: { type: 'end' } }),
    notion('GET', `/v1/blocks/${id}/children`, null, { query: [['page_size', '100']] }),
    notion('PATCH', `/v1/pages/${id}`, { properties: { Due: { date: { start: '2026-11-25T18:00:00+01:00' } } } }),
    notion('POST', '/v1/oauth/token', { grant_type: 'refresh_token', refresh_token: '(hidden)' }),
    { provider: 'google', method: 'POST', path: '/calendar/v3/calendars/primary/events', route: '/calendars/{calendarId}/events',
      query: [], headers: {}, status: 200, body: { summary: 'x', start: { date: '2026-11-20' }, end: { date: '2026-11-21' } } },
  ];
  assert.deepEqual(oracle.check(right), { checked: right.length, failures: [] });
});

test('wrong requests are found, each for its own reason', options, () => {
  const found = [
    [notion('PATCH', `/v1/blocks/${id}/children`, { children: [nest(3)] }), /body/],
    [notion('PATCH', `/v1/blocks/${id}/children`, { children: [{ to_do: { text: 'x' } }] }), /body/],
    [notion('GET', `/v1/blocks/${id}/children`, null, { query: [['limit', '5']] }), /unknown query parameter limit/],
    [notion('GET', `/v1/pages/${id}`, null, { headers: {} }), /Notion-Version is missing/],
    [notion('GET', `/v1/pages/${id}`, null, { headers: { 'notion-version': '2022-06-28' } }), /Notion-Version/],
    [notion('POST', '/v1/rows', {}), /no such operation/],
    [notion('DELETE', `/v1/blocks/${id}`, { hard: true }), /a body where none is taken/],
    [{ provider: 'google', method: 'POST', path: '/calendar/v3/calendars/primary/events', route: '/calendars/{calendarId}/events',
      query: [['sendUpdate', 'none']], headers: {}, status: 200, body: { title: 'x' } }, /title|sendUpdate/],
  ];
  for (const [entry, reason] of found) {
    const sentences = problems(entry);
    assert.ok(sentences.some((sentence) => reason.test(sentence)), `${entry.method} ${entry.path}: ${sentences}`);
  }
});

test('a reply that is not as described is found', options, () => {
  const entry = notion('GET', '/v1/users/me', null, { reply: { object: 'user', id } });
  assert.match(problems(entry).join(), /reply/);
  assert.deepEqual(problems({ ...entry, fault: 'truncated_json' }), []);
});
