// A list of the API that a component shows page by page, and what it says meanwhile.

import { h } from './dom.js';
import { t, why } from './texts.js';

export class Pages {
  /** Null until something is read. */
  items = null;
  #element;
  #path;
  #limit;
  #cursor = '';
  #problem = null;
  #reading = 0;

  /** Begins to read; `element` is told to update. */
  constructor(element, path, limit) {
    this.#element = element;
    this.#path = path;
    this.#limit = limit;
    this.again();
  }

  /** Reads the first page anew; what is known is shown until then. */
  again() { return this.#read(''); }

  async #read(cursor) {
    const turn = ++this.#reading;
    this.#problem = null;
    const { api } = this.#element.live;
    const url = new URL(this.#path, api.host);
    url.searchParams.set('limit', this.#limit);
    if (cursor) url.searchParams.set('cursor', cursor);
    try {
      const page = await api.get(url);
      if (turn !== this.#reading) return;  // overtaken
      this.items = [...(cursor ? this.items : []), ...page.items];
      this.#cursor = page.next_cursor ?? '';
    } catch (problem) {
      if (turn !== this.#reading) return;
      this.#problem = problem;
    }
    this.#element.update();
  }

  /** `empty`: what is said where there is nothing. `list`: makes elements of the items. */
  view(empty, list, items = this.items) {
    if (this.#problem) {
      return h('div', { class: 'row wrap', role: 'alert' }, h('span', { class: 'message' }, why(this.#problem)),
        h('button', { onclick: () => this.again() }, t('retry')));
    }
    if (!items) return h('p', { class: 'soft', role: 'status' }, t('loading'));
    if (items.length === 0) return h('p', { class: 'soft' }, empty);
    return [list(items), this.#cursor && h('button', { class: 'quiet', key: 'more', onclick: () => this.#read(this.#cursor) }, t('more'))];
  }
}
