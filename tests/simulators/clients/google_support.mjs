// Starts a simulation and signs invented people in to it, for the tests of the simulated Google.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import googleapis from '@googleapis/calendar';
import { decide } from './consent.mjs';

export const CLIENT_ID = 'mortise-simulated';
export const CLIENT_SECRET = 'simulated-secret';
export const REDIRECT_URI = 'http://127.0.0.1:9/oauth/google/callback';
export const SCOPE = 'https://www.googleapis.com/auth/';
export const ANA = { id: '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01', email: 'ana.torres@example.com', sub: '104201000000000000001' };
export const BEN = { id: '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0b02', email: 'ben.okafor@example.com', sub: '104201000000000000002' };

const binary = process.env.MORTISE_SIMULATORS
  ?? fileURLToPath(new URL('../../../build/dev/bin/mortise-simulators', import.meta.url));

/** A running simulation: {base, control(method, path, body), stop()}. */
export async function startSimulation(words = []) {
  const child = spawn(binary, ['--port', '0', '--seed', '7', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const base = await new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
      const found = /on (http:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the simulation ended with ${code}`)));
  });
  const control = async (method, path, body) => {
    const reply = await fetch(`${base}/control/${path}`, { method, body: body && JSON.stringify(body) });
    const document = await reply.json();
    assert.ok(reply.ok, `${method} /control/${path}: ${reply.status} ${JSON.stringify(document)}`);
    return document;
  };
  const stop = () => new Promise((resolve) => {
    if (child.exitCode !== null) {
      resolve(child.exitCode);
      return;
    }
    child.removeAllListeners('exit');
    child.once('exit', (code) => resolve(code));
    child.kill('SIGTERM');
  });
  return { base, control, stop };
}

export function pkce() {
  const verifier = randomBytes(48).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export const authorizeUrl = (base, query) => `${base}/o/oauth2/v2/auth?${new URLSearchParams({
  client_id: CLIENT_ID, redirect_uri: REDIRECT_URI, response_type: 'code', access_type: 'offline', ...query })}`;

/** Reads the consent page and sends its form as a person would; answers where the browser is sent. */
export async function consent(base, query, { person = ANA, untick = [], decision = 'allow' } = {}) {
  const sent = await decide(authorizeUrl(base, query), { user: person.id, untick, decision });
  assert.ok([302, 303].includes(sent.status), `${sent.status} ${sent.url}`);
  return new URL(sent.headers.get('location'));
}

export async function tokenCall(base, fields, path = '/token') {
  const reply = await fetch(base + path, { method: 'POST', body: new URLSearchParams(fields) });
  return { status: reply.status, body: await reply.json() };
}

/** Consent and exchange; answers the token reply. */
export async function signIn(base, scopes, options = {}) {
  const { verifier, challenge } = pkce();
  const scope = scopes.map((name) => (name.includes(':') || ['openid', 'email', 'profile'].includes(name) ? name : SCOPE + name)).join(' ');
  const back = await consent(base, { scope, prompt: 'consent', state: 's', code_challenge: challenge,
    code_challenge_method: 'S256', ...options.query }, options);
  const { status, body } = await tokenCall(base, { grant_type: 'authorization_code', code: back.searchParams.get('code'),
    client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uri: REDIRECT_URI, code_verifier: verifier });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** The official client, its root at the simulation, without retries of its own. */
export async function calendarClient(base, scopes = ['calendar'], options = {}) {
  const tokens = await signIn(base, scopes, options);
  return clientFor(base, tokens.access_token);
}

export function clientFor(base, accessToken) {
  const auth = new googleapis.auth.OAuth2();
  auth.setCredentials({ access_token: accessToken, expiry_date: Date.now() + 3.6e9 });
  return googleapis.calendar({ version: 'v3', auth, rootUrl: `${base}/`, retryConfig: { retry: 0, noResponseRetries: 0 } });
}

/** Asserts that a call is refused with that status and Google's error shape; answers its first error. */
export async function refused(call, status, reason) {
  let failure;
  try {
    await call;
  } catch (error) {
    failure = error;
  }
  assert.ok(failure, `expected ${status} ${reason}, got an answer`);
  assert.equal(failure.response?.status, status, `${failure.message} ${JSON.stringify(failure.response?.data)}`);
  const { error } = failure.response.data;
  assert.equal(error.code, status);
  assert.equal(typeof error.message, 'string');
  assert.equal(error.errors.length, 1);
  if (reason) assert.equal(error.errors[0].reason, reason, JSON.stringify(error));
  return error.errors[0];
}

export const timed = (start, end, timeZone = 'Europe/Madrid') => ({ start: { dateTime: start, timeZone }, end: { dateTime: end, timeZone } });
export const days = (start, end) => ({ start: { date: start }, end: { date: end } });
