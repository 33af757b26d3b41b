// Calls to the host's HTTP API for one end user. On the host's own page the user is known by an
// HttpOnly cookie and a CSRF token; on an app's page by a bearer token that lives in memory for at
// most 15 minutes and is renewed with a fresh one-time code from the app's server.

import { pause } from './reading.js';

const longestPauseMs = 30_000;
/** How long an answer may take to arrive whole. */
const answerMs = 60_000;
/** How long a stream may be silent: the host's heart beats every 15 s. */
const silenceMs = 45_000;

/** An answer that is no success: RFC 9457, plus `status` 0 where the host could not be reached. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `HTTP ${status}`);
    Object.assign(this, { status, reason: 'unknown', retryable: status === 0 || status >= 500 }, document);
  }
}

/** Says `session` whenever `account` or `problem` changed. */
export class Client extends EventTarget {
  /** The account's id; empty while nobody is signed in. */
  account = '';
  /** Why nobody is, if that is known; or null. */
  problem = null;
  // Of whoever is, or is about to be: where codes come from, or the cookie's CSRF token. Each sign-in is a new one.
  #session = {};

  constructor(host = new URL('..', import.meta.url)) {
    super();
    this.host = new URL(host);
  }

  /**
   * An app's page: `code` is a function that answers a fresh one-time code from the app's server. Also for somebody else.
   * A host that cannot answer just now is asked again; throws what no repeat helps against, and where somebody else comes in.
   */
  useCodes(code) {
    return this.#enter({ code }, (session) => this.#renew(session));
  }

  /** The host's own page: exchanges a code if there is one, else goes on with the cookie. */
  useCookie(code) {
    return this.#enter({}, async (session) => {
      const answer = code
        ? await this.request('POST', 'v1/session', { body: { code } })
        : await this.request('GET', 'v1/session');
      session.csrf = answer.csrf_token;
      this.#met(session, answer.account_id);
    });
  }

  /** A cookie ends at the host, too; a token is over within minutes. */
  async signOut() {
    if (this.#session.csrf) await this.request('DELETE', 'v1/session');
    this.#leave(new Problem(401, { reason: 'signed_out', detail: 'Nobody is signed in.' }));
  }

  async #enter(session, work) {
    this.#leave(null);
    this.#session = session;
    for (let pauseMs = 1000; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await work(session);
        return;
      } catch (problem) {
        if (session !== this.#session) throw problem;
        if (!session.code || !(problem instanceof Problem && problem.retryable)) {
          this.#leave(problem);
          throw problem;
        }
        this.#tell('', problem);
        await pause(Math.max(problem.retryAfterMs ?? 0, pauseMs * (0.5 + Math.random())));
        if (session !== this.#session) throw problem;
      }
    }
  }

  #leave(problem) {
    this.#session = {};
    this.#tell('', problem);
  }

  #met(session, account) {
    if (session === this.#session && account !== this.account) this.#tell(account, null);
  }

  #tell(account, problem) {
    Object.assign(this, { account, problem });
    this.dispatchEvent(new Event('session'));
  }

  /** A fresh token; requests that need one at the same time share it. */
  #renew(session) {
    session.renewing ??= this.#exchange(session).finally(() => { session.renewing = null; });
    return session.renewing;
  }

  async #exchange(session) {
    const code = await session.code();
    await within(answerMs, undefined, async (signal) => {
      const answer = await this.#send(session, 'POST', 'v1/session', { body: { code, as: 'token' }, signal });
      if (!answer.ok) throw await problemOf(answer);
      const { token, account_id: account } = await bodyOf(answer);
      session.token = token;
      this.#met(session, account);
    });
  }

  async #send(session, method, path, { body, headers = {}, signal } = {}) {
    const all = { Accept: 'application/json', ...headers };
    if (body !== undefined) all['Content-Type'] = 'application/json';
    if (session.token) all.Authorization = `Bearer ${session.token}`;
    else if (session.csrf && method !== 'GET') all['X-CSRF-Token'] = session.csrf;
    try {
      return await fetch(new URL(path, this.host), {
        method, headers: all, signal, cache: 'no-store',
        credentials: session.code ? 'omit' : 'same-origin',
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      throw signal?.aborted ? error : unreachable(error);
    }
  }

  /** The answer itself, for streams. Renews what is over once; where that does not help, nobody is signed in any more. */
  async open(method, path, options) {
    const session = this.#session;
    const { token } = session;
    const send = async () => {
      const answer = await this.#send(session, method, path, options);
      if (!answer.ok) throw await problemOf(answer);
      return answer;
    };
    try {
      return await send().catch(async (problem) => {
        if (problem.status === 401 && session.code) {
          if (session.token === token) await this.#renew(session);
        } else if (session.csrf && (problem.reason === 'csrf' || problem.status === 404)) {
          await this.#lookAgain(session, options?.signal);
          if (problem.status === 404) throw problem;  // it was our own account that was asked for it
        } else {
          throw problem;
        }
        return send();
      });
    } catch (problem) {
      if (problem.status === 401 && session === this.#session) this.#leave(problem);
      throw problem;
    }
  }

  /** All tabs share the cookie, and the newest sign-in in any of them replaces it: whose is it now? */
  async #lookAgain(session, signal) {
    const answer = await this.#send(session, 'GET', 'v1/session', { signal });
    if (!answer.ok) throw await problemOf(answer);
    const { account_id: account, csrf_token: csrf } = await bodyOf(answer);
    if (account !== this.account) throw new Problem(401, { reason: 'other_account', detail: 'Somebody else is signed in by now.' });
    session.csrf = csrf;
  }

  /** The answer's JSON, or nothing where there is none. */
  request(method, path, options) {
    return within(answerMs, undefined, async (signal) => {
      const answer = await this.open(method, path, { ...options, signal });
      return answer.status === 204 ? undefined : bodyOf(answer);
    });
  }

  get(path) { return this.request('GET', path); }
  patch(path, body) { return this.request('PATCH', path, { body }); }

  /** A POST that acts. The key makes a repeat of this very call harmless. */
  act(path, body = {}, key = randomKey()) {
    return this.request('POST', path, { body, headers: { 'Idempotency-Key': key } });
  }

  /** Every item of a list, page by page. */
  async all(path) {
    const items = [];
    let cursor = '';
    do {
      const url = new URL(path, this.host);
      url.searchParams.set('limit', '200');
      if (cursor) url.searchParams.set('cursor', cursor);
      const page = await this.get(url);
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return items;
  }

  /** Calls `heard(name, data)` for each server-sent event until the stream ends or falls silent, or `over` says so. */
  listen(path, over, heard) {
    return within(silenceMs, over, async (signal, alive) => {
      const answer = await this.open('GET', path, { headers: { Accept: 'text/event-stream' }, signal });
      if (answer.status === 204) return;
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ''; ;) {
        const { done, value } = await reader.read();
        if (done) return;
        alive();
        text = told(text + value.replaceAll('\r\n', '\n'), heard);
      }
    });
  }

  /** The same until `signal` says so, over as many streams as it takes. `failed(problem)` hears why one broke. */
  async follow(path, signal, heard, failed) {
    for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      let leastMs = 0;
      try {
        await this.listen(path, signal, (name, data) => {
          pauseMs = 500;
          if (!signal.aborted) heard(name, data);
        });
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof Problem ? error : unreachable(error);
        leastMs = problem.retryAfterMs ?? 0;
        failed(problem);
      }
      await pause(Math.max(leastMs, pauseMs * (0.5 + Math.random())));
      if (signal.aborted) return;
    }
  }
}

const unreachable = (error) => new Problem(0, { reason: 'network', detail: error.message });

/** Runs `work(signal, alive)`; the signal says when `over` does, or that nobody called `alive` for so long. */
async function within(ms, over, work) {
  const silent = new AbortController();
  let timer = 0;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(), ms);
  };
  alive();
  try {
    return await work(over ? AbortSignal.any([over, silent.signal]) : silent.signal, alive);
  } catch (error) {
    throw silent.signal.aborted && !(error instanceof Problem) ? unreachable(error) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Tells the whole events in `text`; answers what is left. */
function told(text, heard) {
  for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
    const event = { event: 'message', data: '' };
    for (const line of text.slice(0, end).split('\n')) {
      const [, name, rest] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      if (name === 'data') event.data += rest;
      else if (name === 'event') event.event = rest;
    }
    if (event.data) heard(event.event, JSON.parse(event.data));
  }
  return text;
}

async function bodyOf(answer) {
  try {
    return await answer.json();
  } catch (error) {
    throw unreachable(error);  // it broke off
  }
}

async function problemOf(answer) {
  const problem = new Problem(answer.status, await answer.json().catch(() => ({})));
  const seconds = Number(answer.headers.get('Retry-After'));
  if (seconds > 0) problem.retryAfterMs = seconds * 1000;
  return problem;
}

// crypto.randomUUID is missing on plain http other than localhost.
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const client = new Client();
