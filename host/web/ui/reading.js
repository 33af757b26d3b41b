// Reads of what the components show: of each thing one at a time, and no more often than a person follows.

/** From the end of a read to the next one of the same thing: a hundred saved changes are a few reads. */
const breathMs = 1000;
/** Where the host does not say how long to wait. */
const patienceMs = 10_000;

export const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Reading {
  /** By name: why a thing could not be read the last time. */
  problems = new Map();
  #ended;
  // By name: the read that has not begun yet, when it may, and what is tried again by itself.
  #next = new Map();
  #free = new Map();
  #later = new Set();

  /** `ended()` is called after each read. */
  constructor(ended) { this.#ended = ended; }

  /** Reads a thing; whoever asks before that begins shares it. Throws what `read` throws. */
  again(name, read) {
    if (!this.#next.has(name)) {
      this.#next.set(name, Promise.resolve(this.#free.get(name)).then(() => {
        this.#next.delete(name);
        const done = this.#read(name, read);
        this.#free.set(name, done.catch(() => {}).then(() => pause(breathMs)));
        return done;
      }));
    }
    return this.#next.get(name);
  }

  async #read(name, read) {
    try {
      await patiently(read);
      this.problems.delete(name);
    } catch (problem) {
      this.problems.set(name, problem);
      if (problem.retryable ?? true) this.#againLater(name, read);
      throw problem;
    } finally {
      this.#ended();
    }
  }

  async #againLater(name, read) {
    if (this.#later.has(name)) return;
    this.#later.add(name);
    await pause(patienceMs);
    this.#later.delete(name);
    if (this.problems.has(name)) this.again(name, read).catch(() => {});
  }
}

/** To be asked to slow down is no failure: it only takes longer. */
async function patiently(read) {
  for (;;) {
    try {
      return await read();
    } catch (problem) {
      if (problem.status !== 429) throw problem;
      await pause((problem.retryAfterMs ?? patienceMs) * (1 + Math.random() / 2));  // not all at once
    }
  }
}
