// Starts mortise-simulators for a test, and does by script what people do at the consent pages.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exchange } from './exchange.mjs';

export const client = { id: 'mortise-simulated', secret: 'simulated-secret' };
export const ana = '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01';
export const ben = '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0b02';

/** The program under test: MORTISE_SIMULATORS names it. */
function program() {
  const path = process.env.MORTISE_SIMULATORS;
  if (!path) throw new Error('MORTISE_SIMULATORS must name the mortise-simulators program');
  return path;
}

export class Simulator {
  /** `options` are command line words, e.g. ['--seed', '7', '--state', file]. */
  static async start(options = []) {
    const simulator = new Simulator();
    simulator.folder = await mkdtemp(join(tmpdir(), 'mortise-simulators-'));
    const child = spawn(program(), ['--port', '0', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    simulator.child = child;
    simulator.ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    simulator.url = await new Promise((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (part) => {
        text += part;
        const found = /on (http:\/\/\S+)\n/.exec(text);
        if (found) resolve(found[1]);
      });
      child.once('exit', (code) => reject(new Error(`the simulator ended with ${code}`)));
    });
    return simulator;
  }

  /** Ends it with SIGINT and answers its exit code. */
  async stop() {
    this.child.kill('SIGINT');
    const code = await this.ended;
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }

  async control(method, path, body) {
    const answer = await exchange(`${this.url}/control/${path}`, { method, body });
    return { status: answer.status, ...answer.body };
  }

  /** The same, and it must succeed. */
  async set(method, path, body) {
    const answer = await this.control(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} /control/${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Consents at Notion as `user`; answers the redirect's parameters. */
  async consentNotion({ user = ana, decision = 'allow', redirect = 'http://127.0.0.1:9/callback', pages = [] } = {}) {
    const form = new URLSearchParams({
      client_id: client.id, redirect_uri: redirect, response_type: 'code', owner: 'user', state: 's1', user, decision,
    });
    for (const page of pages) form.append('page', page);
    const answer = await fetch(`${this.url}/v1/oauth/authorize`, { method: 'POST', body: form, redirect: 'manual' });
    if (answer.status !== 303) throw new Error(`consent: ${answer.status} ${await answer.text()}`);
    return Object.fromEntries(new URL(answer.headers.get('location')).searchParams);
  }

  /** A token call at Notion. */
  async notionToken(body, path = 'token', secret = client.secret) {
    const answer = await fetch(`${this.url}/v1/oauth/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'notion-version': '2026-03-11',
        authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`,
      },
      body: JSON.stringify(body),
    });
    return { status: answer.status, ...(await answer.json()) };
  }

  /** Consent and exchange in one. */
  async connectNotion(options = {}) {
    const redirect = options.redirect ?? 'http://127.0.0.1:9/callback';
    const { code } = await this.consentNotion(options);
    const grant = await this.notionToken({ grant_type: 'authorization_code', code, redirect_uri: redirect });
    if (grant.status !== 200) throw new Error(`exchange: ${JSON.stringify(grant)}`);
    return grant;
  }

  async requests(query = '') {
    return (await this.set('GET', `requests${query}`)).requests;
  }
}

/** Reads a JSON file. */
export async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}
