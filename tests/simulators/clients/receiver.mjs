// An app's side of push: a small HTTP server that keeps what it is sent.
import { createServer } from 'node:http';

export class Receiver {
  /** Answers 200 unless `statuses` says something else; `before`, if set, is waited for first. */
  static async start(port = 0) {
    const receiver = new Receiver();
    receiver.requests = [];
    receiver.statuses = [];
    receiver.before = null;
    receiver.waiting = [];
    receiver.server = createServer((request, response) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', async () => {
        const raw = Buffer.concat(parts).toString('utf8');
        receiver.requests.push({ method: request.method, path: request.url, headers: request.headers, raw });
        if (receiver.before) await receiver.before();
        response.writeHead(receiver.statuses.shift() ?? 200).end();
        receiver.waiting = receiver.waiting.filter((wake) => !wake());
      });
    });
    await new Promise((resolve) => { receiver.server.listen(port, '127.0.0.1', resolve); });
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}`;
    return receiver;
  }

  /** Resolves once `count` requests are there. */
  received(count) {
    return new Promise((resolve) => {
      const wake = () => {
        if (this.requests.length < count) return false;
        resolve(this.requests);
        return true;
      };
      if (!wake()) this.waiting.push(wake);
    });
  }

  /** Takes what has arrived. */
  take() {
    return this.requests.splice(0);
  }

  /** The next answers' statuses. */
  answerWith(...statuses) {
    this.statuses.push(...statuses);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}
