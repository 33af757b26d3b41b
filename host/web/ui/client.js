// Calls to the host's HTTP API for one end user. On the host's own page the user is known by an
// HttpOnly cookie and a CSRF token; on an app's page by a bearer token that lives in memory for at
// most 15 minutes and is renewed with a fresh one-time code from the app's server.

/** An answer that is no success: RFC 9457, plus `status` 0 where the host could not be reached. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `HTTP ${status}`);
    Object.assign(this, { status, reason: 'unknown', retryable: status === 0 || status >= 500 }, document);
  }
}

export class Client {
  #csrf = '';
  #token = '';
  #code = null;
  #signedIn;
  #settle;

  constructor(host = new URL('..', import.meta.url)) {
    this.host = new URL(host);
    this.#signedIn = new Promise((resolve, reject) => { this.#settle = { resolve, reject }; });
    this.#signedIn.catch(() => {});  // whoever waits for it hears of it
  }

  /** The account's id, once somebody is signed in. */
  account() { return this.#signedIn; }

  /** An app's page: `code` is a function that answers a fresh one-time code from the app's server. */
  async useCodes(code) {
    this.#code = code;
    await this.#settleWith(this.#renew());
  }

  /** The host's own page: exchanges a code if there is one, else goes on with the cookie. */
  async useCookie(code) {
    const session = code
      ? this.request('POST', 'v1/session', { body: { code } })
      : this.request('GET', 'v1/session');
    await this.#settleWith(session.then((answer) => {
      this.#csrf = answer.csrf_token;
      return answer;
    }));
  }

  async signOut() {
    await this.request('DELETE', 'v1/session');
  }

  async #settleWith(session) {
    try {
      this.#settle.resolve((await session).account_id);
    } catch (problem) {
      this.#settle.reject(problem);
      throw problem;
    }
  }

  async #renew() {
    const answer = await this.#send('POST', 'v1/session', { body: { code: await this.#code(), as: 'token' } });
    if (!answer.ok) throw await problemOf(answer);
    const session = await answer.json();
    this.#token = session.token;
    return session;
  }

  async #send(method, path, { body, headers = {}, signal } = {}) {
    const all = { Accept: 'application/json', ...headers };
    if (body !== undefined) all['Content-Type'] = 'application/json';
    if (this.#token) all.Authorization = `Bearer ${this.#token}`;
    else if (this.#csrf && method !== 'GET') all['X-CSRF-Token'] = this.#csrf;
    try {
      return await fetch(new URL(path, this.host), {
        method, headers: all, signal, cache: 'no-store',
        credentials: this.#code ? 'omit' : 'same-origin',
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Problem(0, { reason: 'network', detail: error.message });
    }
  }

  /** The answer itself, for streams. Renews an over token once. */
  async open(method, path, options) {
    let answer = await this.#send(method, path, options);
    if (answer.status === 401 && this.#code) {
      await this.#renew();
      answer = await this.#send(method, path, options);
    }
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  }

  /** The answer's JSON, or nothing where there is none. */
  async request(method, path, options) {
    const answer = await this.open(method, path, options);
    return answer.status === 204 ? undefined : answer.json();
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

  /** Calls `heard(name, data)` for each server-sent event until the stream ends or `signal` says so. */
  async listen(path, signal, heard) {
    const answer = await this.open('GET', path, { headers: { Accept: 'text/event-stream' }, signal });
    if (answer.status === 204) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ''; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value.replaceAll('\r\n', '\n');
      for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
        const event = { event: 'message', data: '' };
        for (const line of text.slice(0, end).split('\n')) {
          const [, name, rest] = /^(\w+): ?(.*)$/.exec(line) ?? [];
          if (name === 'data') event.data += rest;
          else if (name === 'event') event.event = rest;
        }
        if (event.data) heard(event.event, JSON.parse(event.data));
      }
    }
  }
}

async function problemOf(answer) {
  const document = await answer.json().catch(() => ({}));
  return new Problem(answer.status, document);
}

// crypto.randomUUID is missing on plain http other than localhost.
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const client = new Client();
