// JSON calls for tests that make very many: node:http takes about half of fetch()'s time, and sends each call in one piece.
import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, timeout: 3000 });  // what nobody used for so long is closed before the other side does

/** One call, begun; answers the response as a stream. It fails after `patienceMs` without a byte. */
export function open(url, { method = 'GET', headers = {}, body, patienceMs = 120_000 } = {}) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const length = text === undefined ? method === 'GET' ? {} : { 'content-length': 0 } : { 'content-length': Buffer.byteLength(text) };
    const call = request(url, { method, agent, headers: { 'content-type': 'application/json', ...length, ...headers } }, resolve);
    call.setTimeout(patienceMs, () => call.destroy(new Error(`${method} ${url}: nothing for ${patienceMs} ms`)));
    call.on('error', reject);
    call.end(text);
  });
}

/** One whole call: {status, headers, body}, the body as JSON. */
export async function exchange(url, options) {
  const answer = await open(url, options);
  answer.setEncoding('utf8');
  let text = '';
  for await (const part of answer) text += part;
  return { status: answer.statusCode, headers: answer.headers, body: text ? JSON.parse(text) : null };
}
