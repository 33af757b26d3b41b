// Consent, tokens, revocation: Google's rules as a client meets them.
import { after, before, beforeEach, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { ANA, BEN, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SCOPE, authorizeUrl, clientFor, consent, pkce, refused, signIn,
  startSimulation, tokenCall } from './google_support.mjs';

let simulation;
let base;
const scope = `openid email ${SCOPE}calendar.events`;
const client = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET };

before(async () => {
  simulation = await startSimulation();
  base = simulation.base;
});
beforeEach(() => simulation.control('POST', 'reset'));
after(() => simulation.stop());

const exchange = (code, more = {}) => tokenCall(base, { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, ...client, ...more });
const refresh = (token, more = {}) => tokenCall(base, { grant_type: 'refresh_token', refresh_token: token, ...client, ...more });
const codeOf = async (query = {}, options) => (await consent(base, { scope, ...query }, options)).searchParams.get('code');
const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

describe('authorise', () => {
  test('the way back carries code, granted scope and state', async () => {
    const back = await consent(base, { scope, state: 'a b&c' });
    assert.equal(back.origin + back.pathname, REDIRECT_URI);
    assert.equal(back.searchParams.get('state'), 'a b&c');
    assert.ok(back.searchParams.get('code').length <= 256);
    assert.deepEqual(back.searchParams.get('scope').split(' ').sort(), [`${SCOPE}calendar.events`, `${SCOPE}userinfo.email`, 'openid']);
  });
  const broken = [
    ['an unknown client', { client_id: 'nobody' }, 'invalid_client'],
    ['a redirect URI elsewhere', { redirect_uri: 'https://evil.example/cb' }, 'redirect_uri_mismatch'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no scope', { scope: '' }, 'invalid_request'],
    ['an unknown scope', { scope: `${SCOPE}drive` }, 'invalid_scope'],
    ['a short challenge', { code_challenge: 'short', code_challenge_method: 'S256' }, 'invalid_request'],
    ['an unknown challenge method', { code_challenge: 'x'.repeat(43), code_challenge_method: 'MD5' }, 'invalid_request'],
  ];
  for (const [what, query, error] of broken) {
    test(`${what} is shown as ${error}, not sent back`, async () => {
      const reply = await fetch(authorizeUrl(base, { scope, ...query }), { redirect: 'manual' });
      assert.equal(reply.status, 400);
      assert.match(await reply.text(), new RegExp(error));
    });
  }
  test('cancelling is access_denied, by the person or by setting', async () => {
    const back = await consent(base, { scope, state: 's' }, { decision: 'cancel' });
    assert.equal(back.searchParams.get('error'), 'access_denied');
    assert.equal(back.searchParams.get('state'), 's');
    await simulation.control('PUT', 'oauth', { provider: 'google', deny_next_consent: true });
    assert.equal((await consent(base, { scope })).searchParams.get('error'), 'access_denied');
    assert.ok((await consent(base, { scope })).searchParams.get('code'));
  });
  test('prompt=none needs a grant that covers the scopes', async () => {
    const ask = () => consent(base, { scope, prompt: 'none', login_hint: ANA.email });
    assert.equal((await ask()).searchParams.get('error'), 'interaction_required');
    await signIn(base, ['openid', 'email', 'calendar.events']);
    assert.equal((await exchange((await ask()).searchParams.get('code'))).status, 200);
  });
  test('the hint chooses the account on the page', async () => {
    const html = await (await fetch(authorizeUrl(base, { scope, login_hint: BEN.email }))).text();
    assert.match(html, new RegExp(`value="${BEN.id}" checked`));
  });
});

describe('exchange', () => {
  test('a full reply, with a refresh token and the identity', async () => {
    const { verifier, challenge } = pkce();
    const { body, status } = await exchange(await codeOf({ code_challenge: challenge, code_challenge_method: 'S256', nonce: 'n1' }), { code_verifier: verifier });
    assert.equal(status, 200);
    assert.equal(body.token_type, 'Bearer');
    assert.equal(body.expires_in, 3599);
    assert.ok(body.access_token.length <= 2048 && body.refresh_token.length <= 512);
    const [head, claims, signature] = body.id_token.split('.');
    assert.equal(signature, createHmac('sha256', CLIENT_SECRET).update(`${head}.${claims}`).digest('base64url'));
    const { sub, email, aud, iss, nonce, exp, iat } = claimsOf(body.id_token);
    assert.deepEqual({ sub, email, aud, iss, nonce }, { sub: ANA.sub, email: ANA.email, aud: CLIENT_ID, iss: 'https://accounts.google.com', nonce: 'n1' });
    assert.equal(exp - iat, 3600);
  });
  test('a code works once, within ten minutes, with its own redirect URI', async () => {
    const once = await codeOf();
    assert.equal((await exchange(once)).status, 200);
    assert.equal((await exchange(once)).body.error, 'invalid_grant');
    assert.equal((await exchange(await codeOf(), { redirect_uri: `${REDIRECT_URI}/x` })).body.error, 'redirect_uri_mismatch');
    const late = await codeOf();
    await simulation.control('PUT', 'clock', { advance_ms: 601_000 });
    assert.equal((await exchange(late)).body.error, 'invalid_grant');
    assert.equal((await exchange('4/nonsense')).body.error, 'invalid_grant');
  });
  test('PKCE: the verifier must be there and fit', async () => {
    const { verifier, challenge } = pkce();
    const query = { code_challenge: challenge, code_challenge_method: 'S256' };
    assert.deepEqual((await exchange(await codeOf(query))).body, { error: 'invalid_grant', error_description: 'Missing code verifier.' });
    assert.deepEqual((await exchange(await codeOf(query), { code_verifier: pkce().verifier })).body, { error: 'invalid_grant', error_description: 'Invalid code verifier.' });
    assert.equal((await exchange(await codeOf(query), { code_verifier: verifier })).status, 200);
  });
  test('the client must prove itself, in the form or by Basic', async () => {
    const wrong = await exchange(await codeOf(), { client_secret: 'wrong' });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.body.error, 'invalid_client');
    const reply = await fetch(`${base}/token`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'authorization_code', code: await codeOf(), redirect_uri: REDIRECT_URI }) });
    assert.equal(reply.status, 200);
  });
  test('other grant types and missing parts are named', async () => {
    assert.equal((await tokenCall(base, { grant_type: 'password', ...client })).body.error, 'unsupported_grant_type');
    assert.equal((await tokenCall(base, client)).body.error, 'invalid_request');
    assert.equal((await exchange('')).body.error, 'invalid_request');
  });
  test('a refresh token comes at first consent, then only with prompt=consent, and only offline', async () => {
    assert.ok((await exchange(await codeOf())).body.refresh_token);
    assert.ok(!(await exchange(await codeOf())).body.refresh_token);
    assert.ok((await exchange(await codeOf({ prompt: 'consent' }))).body.refresh_token);
    assert.ok(!(await exchange(await codeOf({ prompt: 'consent', access_type: 'online' }))).body.refresh_token);
    await simulation.control('PUT', 'oauth', { provider: 'google', omit_refresh_token: true });
    assert.ok(!(await exchange(await codeOf({ prompt: 'consent' }))).body.refresh_token);
  });
  test('a person may untick scopes: the reply says what was really granted', async () => {
    const two = `openid ${SCOPE}calendar.events ${SCOPE}calendar.settings.readonly`;
    const back = await consent(base, { scope: two }, { untick: [`${SCOPE}calendar.events`] });
    const { body } = await exchange(back.searchParams.get('code'));
    assert.deepEqual(body.scope.split(' ').sort(), [`${SCOPE}calendar.settings.readonly`, 'openid']);
    await refused(clientFor(base, body.access_token).events.list({ calendarId: 'primary' }), 403, 'insufficientPermissions');
    await simulation.control('PUT', 'oauth', { provider: 'google', granted_scopes: ['openid'] });
    assert.equal((await exchange(await codeOf({ scope: two }))).body.scope, 'openid');
  });
  test('include_granted_scopes adds what was granted before', async () => {
    await signIn(base, ['calendar.settings.readonly']);
    const alone = await exchange(await codeOf({ scope: `${SCOPE}calendar.events` }));
    assert.equal(alone.body.scope, `${SCOPE}calendar.events`);
    const both = await exchange(await codeOf({ scope: `${SCOPE}calendar.events`, include_granted_scopes: 'true' }));
    assert.deepEqual(both.body.scope.split(' ').sort(), [`${SCOPE}calendar.events`, `${SCOPE}calendar.settings.readonly`]);
  });
});

describe('refresh and revoke', () => {
  test('a refresh brings a new access token and no refresh token; the old one stays', async () => {
    const first = await signIn(base, ['openid', 'email', 'calendar.events']);
    const { body, status } = await refresh(first.refresh_token);
    assert.equal(status, 200);
    assert.ok(!('refresh_token' in body));
    assert.notEqual(body.access_token, first.access_token);
    assert.equal(claimsOf(body.id_token).sub, ANA.sub);
    assert.equal((await refresh(first.refresh_token)).status, 200);
    await clientFor(base, first.access_token).events.list({ calendarId: 'primary' });
  });
  test('access tokens expire on the clock: 401 authError', async () => {
    const { access_token: token, refresh_token: again } = await signIn(base, ['calendar.events']);
    await simulation.control('PUT', 'clock', { advance_ms: 3_600_000 });
    const problem = await refused(clientFor(base, token).events.list({ calendarId: 'primary' }), 401, 'authError');
    assert.equal(problem.location, 'Authorization');
    await clientFor(base, (await refresh(again)).body.access_token).events.list({ calendarId: 'primary' });
  });
  test('without a token: 401 required', async () => {
    const reply = await fetch(`${base}/calendar/v3/calendars/primary/events`);
    assert.equal(reply.status, 401);
    assert.equal((await reply.json()).error.errors[0].reason, 'required');
  });
  test('dead refresh tokens are invalid_grant: nonsense, unused for half a year, by setting', async () => {
    assert.deepEqual(await refresh('1//nonsense'), { status: 400, body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' } });
    const { refresh_token: token } = await signIn(base, ['calendar.events']);
    await simulation.control('PUT', 'oauth', { provider: 'google', refuse_refresh: true });
    assert.equal((await refresh(token)).body.error, 'invalid_grant');
    await simulation.control('PUT', 'oauth', { provider: 'google', refuse_refresh: false });
    assert.equal((await refresh(token)).status, 200);
    await simulation.control('PUT', 'clock', { advance_ms: 184 * 86_400_000 });
    assert.equal((await refresh(token)).body.error, 'invalid_grant');
  });
  test('the oldest refresh token vanishes when there are too many', async () => {
    await simulation.control('POST', 'google/settings', { refresh_tokens: 2 });
    const tokens = [];
    for (let i = 0; i < 3; i += 1) tokens.push((await signIn(base, ['calendar.events'])).refresh_token);
    assert.deepEqual(await Promise.all(tokens.map(async (token) => (await refresh(token)).status)), [400, 200, 200]);
  });
  for (const kind of ['access_token', 'refresh_token']) {
    test(`revoking the ${kind} ends the whole grant`, async () => {
      const earlier = await signIn(base, ['calendar.settings.readonly']);
      const tokens = await signIn(base, ['calendar.events']);
      const bens = await signIn(base, ['calendar.events'], { person: BEN });
      assert.equal((await tokenCall(base, { token: tokens[kind] }, '/revoke')).status, 200);
      for (const token of [tokens.refresh_token, earlier.refresh_token]) assert.equal((await refresh(token)).body.error, 'invalid_grant');
      await refused(clientFor(base, tokens.access_token).events.list({ calendarId: 'primary' }), 401, 'authError');
      assert.equal((await refresh(bens.refresh_token)).status, 200);
      const again = await tokenCall(base, { token: tokens[kind] }, '/revoke');
      assert.deepEqual([again.status, again.body.error], [400, 'invalid_token']);
      assert.ok((await exchange(await codeOf())).body.refresh_token, 'the next consent is a first one again');
    });
  }
  test('a person withdraws the grant at Google', async () => {
    const { refresh_token: token } = await signIn(base, ['calendar.events']);
    assert.deepEqual(await simulation.control('POST', 'grants/revoke', { provider: 'google', user: ANA.email }), { revoked: 1 });
    assert.equal((await refresh(token)).body.error, 'invalid_grant');
    assert.deepEqual(await simulation.control('POST', 'grants/revoke', { provider: 'google' }), { revoked: 0 });
  });
});

describe('identity', () => {
  test('userinfo answers with what the scopes allow', async () => {
    const ask = async (scopes) => {
      const { access_token: token } = await signIn(base, scopes);
      const reply = await fetch(`${base}/v1/userinfo`, { headers: { authorization: `Bearer ${token}` } });
      return { status: reply.status, body: await reply.json() };
    };
    assert.deepEqual(await ask(['openid', 'email']), { status: 200, body: { sub: ANA.sub, email: ANA.email, email_verified: true } });
    assert.deepEqual(await ask(['openid']), { status: 200, body: { sub: ANA.sub } });
    assert.equal((await ask(['calendar.events'])).status, 401);
  });
  test('the discovery document names the endpoints of this simulation', async () => {
    const document = await (await fetch(`${base}/.well-known/openid-configuration`)).json();
    assert.equal(document.token_endpoint, `${base}/token`);
    assert.ok(document.code_challenge_methods_supported.includes('S256'));
  });
  test('tokens never show in the log', async () => {
    const tokens = await signIn(base, ['calendar.events']);
    await refresh(tokens.refresh_token);
    const text = JSON.stringify(await simulation.control('GET', 'requests?replies=1'));
    for (const secret of [tokens.access_token, tokens.refresh_token, CLIENT_SECRET]) assert.ok(!text.includes(secret));
  });
});
