// The tasks of one plan: as the host told of them, and with the changes that are on their way to it.

export class PlanTasks {
  /** As they show; null until they are read. A change makes a new list. */
  shown = null;
  #told = null;
  // By task: the changes on their way, in the order in which they were made.
  #changes = new Map();

  /** What the host told: nothing older takes back what is known to be newer. */
  take(tasks) {
    const known = new Map((this.#told ?? []).map((task) => [task.id, task]));
    this.#show(tasks.map((task) => (known.get(task.id)?.rev > task.rev ? known.get(task.id) : task)));
  }

  #show(told = this.#told) {
    this.#told = told;
    this.shown = told?.map((task) => Object.assign({}, task, ...(this.#changes.get(task.id) ?? []).map((each) => each.change))) ?? null;
  }

  /**
   * Changes a task: it shows at once, also over what is read before the host has heard of it; then the
   * answer of `send()` counts. One change after the other, as they were made. Throws what `send` throws.
   */
  async change(id, change, send, changed) {
    const before = this.#changes.get(id) ?? [];
    const entry = { change };
    entry.sent = Promise.allSettled([before.at(-1)?.sent]).then(send);
    this.#changes.set(id, [...before, entry]);
    this.#show();
    changed();
    let answer = null;
    try {
      answer = await entry.sent;
    } finally {
      const left = this.#changes.get(id).filter((each) => each !== entry);
      if (left.length > 0) this.#changes.set(id, left);
      else this.#changes.delete(id);
      this.#show(this.#told?.map((task) => (task.id === answer?.id && answer.rev > task.rev ? answer : task)));
      changed();
    }
  }
}
