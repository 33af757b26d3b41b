// An account's calls of the API: runs are started, followed to their end or to the question of a guard, and answered.
import { randomUUID } from 'node:crypto';
import { exchange, open } from '../../simulators/clients/exchange.mjs';
import { succeeded, until } from '../host.mjs';
import { asks, mayAsk } from './guards.mjs';

/** What a run may end as. */
const ended = ['succeeded', 'partial', 'failed', 'cancelled'];

export class Runs {
  keyTurn = 0;

  get key() { return this.keys[++this.keyTurn % this.keys.length]; }
  /** One call of the API; answers {status, headers, body}. */
  api(method, path, body, headers) {
    return exchange(this.world.url + path, { method, body, headers: { authorization: `Bearer ${this.key}`, ...headers } });
  }

  /** The same, and it must succeed; answers the body. */
  async ok(method, path, body, headers) {
    return succeeded(await this.api(method, path, body, headers), `${method} ${path}`);
  }

  /** What a list holds, page by page: all of it, or of one that has the newest first what is fresh. */
  async listed(path, isFresh = () => true) {
    const all = [];
    for (let cursor = ''; ;) {
      const page = await this.ok('GET', `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor && `&cursor=${cursor}`}`);
      const fresh = page.items.filter(isFresh);
      all.push(...fresh);
      cursor = page.next_cursor;
      if (fresh.length < page.items.length || !cursor) return all;
    }
  }

  /** One whole run of a connection, as "Sync now" starts it, to its end: what a guard may ask, a person approves. */
  async sync(connection, patienceMs) {
    for (let run = await this.begin(connection, patienceMs); ; run = await this.ending(run.id, patienceMs)) {
      if (!asks(run)) return run;
      await this.approve(run);
    }
  }

  /** The same, to its end or its question. */
  async begin(connection, patienceMs) {
    const started = await this.ok('POST', `/v1/connections/${connection.id}/sync`, undefined, { 'idempotency-key': randomUUID() });
    return this.ending(started.id, patienceMs);
  }

  /** Follows a run until it ends or asks. */
  async ending(id, patienceMs = 120_000) {
    const stream = await open(`${this.world.url}/v1/runs/${id}/events`, { headers: { authorization: `Bearer ${this.key}` }, patienceMs });
    let told = '';
    let asked = false;
    for await (const part of stream.setEncoding('utf8')) {
      told += part;
      asked = told.slice(told.lastIndexOf('data:')).includes('"waiting_for":"approval"');
      if (asked) break;  // this closes the stream
    }
    const run = await this.ok('GET', `/v1/runs/${id}`);
    if (ended.includes(run.state) || asks(run)) return run;
    if (asked) return this.ending(id, patienceMs);  // another run's answer has made it look again
    throw new Error(`run ${id} has not ended: ${JSON.stringify(run)}`);
  }

  /** Answers a run that asks; null if it does not ask any more, since it looks again. */
  async answer(run, word) {
    const { status, body } = await this.api('POST', `/v1/runs/${run.id}/${word}`, {}, { 'idempotency-key': randomUUID() });
    if (status >= 300 && status !== 409) throw new Error(`${word}: ${status} ${JSON.stringify(body)}`);
    return status < 300 ? body : null;
  }

  async approve(run) {
    if (!await mayAsk(this, run)) throw new Error(`nobody should be asked this: ${JSON.stringify(run)}`);
    return this.answer(run, 'approve');
  }

  /** The account's runs since the epoch began. */
  runsOfEpoch() { return this.listed(`/v1/runs?account_id=${this.account}`, (run) => Date.parse(run.created_at) >= this.began); }

  /** Nothing of this account is queued, under way, or asks. */
  quiet() {
    return until(async () => {
      const { items } = await this.ok('GET', `/v1/runs?account_id=${this.account}&limit=50`);
      const open = items.filter((run) => !ended.includes(run.state));
      for (const run of open.filter(asks)) await this.approve(run);
      return open.length === 0;
    }, `the runs of ${this.account} to end`, 120_000);
  }
}
