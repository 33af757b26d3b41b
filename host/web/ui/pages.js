// A list of the API that a component shows page by page, and what it says meanwhile.

import { h } from './dom.js';
import { t, why } from './texts.js';

const mostAtOnce = 200;

export class Pages {
  /** Null until something is read. */
  items = null;
  #element;
  #path;
  #limit;
  #cursor = '';
  /** What could not be read: {problem, more}; or null. */
  #failed = null;
  #reading = 0;

  /** Begins to read; `element` is told to update. */
  constructor(element, path, limit) {
    this.#element = element;
    this.#path = path;
    this.#limit = limit;
    this.again();
  }

  /** Reads anew as much as is known, which is shown until then. */
  again() { return this.#take(false); }

  async #take(more) {
    const turn = ++this.#reading;
    this.#failed = null;
    try {
      const read = await (more ? this.#read(this.#cursor, this.#limit) : this.#read('', Math.max(this.#limit, this.items?.length ?? 0)));
      if (turn !== this.#reading) return;  // overtaken
      this.items = [...(more ? this.items : []), ...read.items];
      this.#cursor = read.cursor;
    } catch (problem) {
      if (turn !== this.#reading) return;
      this.#failed = { problem, more };
    }
    this.#element.update();
  }

  /** From `cursor` on `count` items, or all if there are fewer. */
  async #read(cursor, count) {
    const { api } = this.#element.live;
    const items = [];
    do {
      const url = new URL(this.#path, api.host);
      url.searchParams.set('limit', Math.min(count - items.length, mostAtOnce));
      if (cursor) url.searchParams.set('cursor', cursor);
      const page = await api.get(url);
      items.push(...page.items);
      cursor = page.next_cursor ?? '';
    } while (cursor && items.length < count);
    return { items, cursor };
  }

  /** `empty`: what is said where there is nothing. `list`: makes elements of the items. */
  view(empty, list, items = this.items) {
    return [
      this.#failed && h('div', { class: 'row wrap', role: 'alert', key: 'failed' }, h('span', { class: 'message' }, why(this.#failed.problem)),
        h('button', { onclick: () => this.#take(this.#failed.more) }, t('retry'))),
      items ? this.#known(empty, list, items) : !this.#failed && h('p', { class: 'soft', role: 'status' }, t('loading')),
    ];
  }

  #known(empty, list, items) {
    if (items.length === 0) return h('p', { class: 'soft' }, empty);
    return [list(items), this.#cursor && h('button', { class: 'quiet', key: 'more', onclick: () => this.#take(true) }, t('more'))];
  }
}
