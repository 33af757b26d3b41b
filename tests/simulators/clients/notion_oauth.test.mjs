// The simulated Notion's OAuth: consent, exchange, rotation, revocation, and what can be set about it.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Client } from '@notionhq/client';
import { Simulator, ben, client } from './simulator.mjs';

let simulator;
const redirect = 'http://127.0.0.1:9/callback';

before(async () => { simulator = await Simulator.start(); });
after(async () => assert.equal(await simulator.stop(), 0));
beforeEach(() => simulator.set('POST', 'reset'));

const me = (token) => new Client({ auth: token, baseUrl: simulator.url, notionVersion: '2026-03-11', retry: false, logLevel: 'error' }).users.me({});
const works = (token) => me(token).then(() => true, (error) => { assert.equal(error.code, 'unauthorized'); return false; });

test('the consent page names the app, what it may do, and the accounts', async () => {
  const query = new URLSearchParams({ client_id: client.id, redirect_uri: redirect, response_type: 'code', owner: 'user', state: 'a<b' });
  const page = await (await fetch(`${simulator.url}/v1/oauth/authorize?${query}`)).text();
  for (const words of ['Mortise (simulated app)', 'Ana Torres', 'ben.okafor@example.com', 'Allow', 'Cancel', 'value="a&lt;b"']) {
    assert.ok(page.includes(words), words);
  }
});

test('an unknown client or redirect is told to the person, never redirected', async () => {
  for (const change of [{ client_id: 'x' }, { redirect_uri: 'https://evil.example/' }, { owner: '' }, { response_type: 'token' }]) {
    const query = new URLSearchParams({ client_id: client.id, redirect_uri: redirect, response_type: 'code', owner: 'user', ...change });
    const answer = await fetch(`${simulator.url}/v1/oauth/authorize?${query}`, { redirect: 'manual' });
    assert.equal(answer.status, 400);
  }
  await simulator.set('PUT', 'oauth', { provider: 'notion', clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: ['https://app.example/cb'] }] });
  await assert.rejects(simulator.consentNotion(), /400/);
  assert.ok((await simulator.consentNotion({ redirect: 'https://app.example/cb' })).code);
});

test('a code works once, for its redirect, within ten minutes', async () => {
  const body = async () => ({ grant_type: 'authorization_code', code: (await simulator.consentNotion()).code, redirect_uri: redirect });
  const first = await body();
  assert.equal((await simulator.notionToken(first)).status, 200);
  assert.equal((await simulator.notionToken(first)).code, 'invalid_grant');
  assert.equal((await simulator.notionToken({ ...(await body()), redirect_uri: 'http://127.0.0.1/other' })).code, 'invalid_grant');
  const late = await body();
  await simulator.set('PUT', 'clock', { advance_ms: 601_000 });
  assert.equal((await simulator.notionToken(late)).code, 'invalid_grant');
  assert.equal((await simulator.notionToken(await body(), 'token', 'wrong')).code, 'invalid_client');
  assert.equal((await simulator.notionToken({ grant_type: 'password' })).code, 'unsupported_grant_type');
});

test('a refresh replaces both tokens and the old pair stops working', async () => {
  const grant = await simulator.connectNotion();
  const fresh = await simulator.notionToken({ grant_type: 'refresh_token', refresh_token: grant.refresh_token });
  assert.equal(fresh.bot_id, grant.bot_id);
  assert.equal(await works(grant.access_token), false);
  assert.equal(await works(fresh.access_token), true);
  assert.equal((await simulator.notionToken({ grant_type: 'refresh_token', refresh_token: grant.refresh_token })).code, 'invalid_grant');
});

test('consenting again keeps the bot id', async () => {
  const first = await simulator.connectNotion({ user: ben });
  const second = await simulator.connectNotion({ user: ben });
  assert.equal(second.bot_id, first.bot_id);
  assert.equal(second.workspace_name, "Ben's Notion");
});

test('revoking and introspecting', async () => {
  const grant = await simulator.connectNotion();
  assert.equal((await simulator.notionToken({ token: grant.access_token }, 'introspect')).active, true);
  assert.equal((await simulator.notionToken({ token: grant.access_token }, 'revoke')).status, 200);
  assert.equal((await simulator.notionToken({ token: grant.access_token }, 'introspect')).active, false);
  assert.equal(await works(grant.access_token), false);
});

test('a token call without a version is refused, and uses nothing up', async () => {
  const { code } = await simulator.consentNotion();
  const body = { grant_type: 'authorization_code', code, redirect_uri: redirect };
  const basic = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  for (const path of ['token', 'revoke', 'introspect']) {
    const answer = await fetch(`${simulator.url}/v1/oauth/${path}`, {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: `Basic ${basic}` }, body: JSON.stringify(body),
    });
    assert.equal(`${answer.status} ${(await answer.json()).code}`, '400 missing_version');
  }
  assert.equal((await simulator.notionToken(body)).status, 200);
});

test('settings: a life for access tokens, a refused refresh, a denied consent, a withdrawn grant', async () => {
  await simulator.set('PUT', 'oauth', { provider: 'notion', access_token_life_s: 60 });
  const grant = await simulator.connectNotion();
  assert.equal(await works(grant.access_token), true);
  await simulator.set('PUT', 'clock', { advance_ms: 60_000 });
  assert.equal(await works(grant.access_token), false);
  await simulator.set('PUT', 'oauth', { provider: 'notion', refuse_refresh: true });
  assert.equal((await simulator.notionToken({ grant_type: 'refresh_token', refresh_token: grant.refresh_token })).code, 'invalid_grant');
  await simulator.set('PUT', 'oauth', { provider: 'notion', refuse_refresh: false, deny_next_consent: true });
  assert.equal((await simulator.consentNotion()).error, 'access_denied');
  assert.ok((await simulator.consentNotion()).code);
  assert.equal((await simulator.consentNotion({ decision: 'cancel' })).error, 'access_denied');
  const again = await simulator.connectNotion();
  assert.equal((await simulator.set('POST', 'grants/revoke', { provider: 'notion', user: 'ana.torres@example.com' })).revoked, 1);
  assert.equal(await works(again.access_token), false);
});

test('the log holds token calls without their secrets', async () => {
  const grant = await simulator.connectNotion();
  await simulator.notionToken({ grant_type: 'refresh_token', refresh_token: grant.refresh_token });
  await works(grant.access_token);
  const log = JSON.stringify(await simulator.requests('?replies=1'));
  assert.ok(log.includes('authorization_code'));
  const basic = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  for (const secret of [grant.access_token, grant.refresh_token, client.secret, basic]) {
    assert.ok(!log.includes(secret), 'a secret is in the request log');
  }
});
