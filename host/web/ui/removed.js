// <mortise-removed plan="pln_...">: the plan's tasks that are gone, also those that a sync took away,
// each with its way back.

import { h, icon } from './dom.js';
import { MortiseElement } from './element.js';
import { Pages } from './pages.js';
import { ago, moment, t } from './texts.js';

export class Removed extends MortiseElement {
  static observedAttributes = ['plan'];
  #isOpen = false;
  #tasks = null;
  #list = null;
  #busy = new Set();

  forget() { this.#list = null; }

  view() {
    const plan = this.getAttribute('plan') ?? '';
    if (!this.live.loaded || !plan) return null;
    const toggled = (event) => {
      this.#isOpen = event.target.open;
      this.update();
    };
    return h('details', { ontoggle: toggled }, h('summary', {}, t('removed')), this.#isOpen && this.#listView(plan));
  }

  #listView(plan) {
    // The plan's own list changes whenever a task goes or comes.
    const tasks = this.live.tasks(plan);
    if (!this.#list) this.#list = new Pages(this, `v1/plans/${plan}/removed`, 200);
    else if (this.#tasks !== tasks) this.#list.again();
    this.#tasks = tasks;
    return this.#list.view(t('nothing_removed'), (items) => h('ul', { class: 'plain lines' }, items.map((task) =>
      h('li', { class: 'row spread', key: task.id, 'data-task': task.id },
        h('span', {}, task.title, ' ',
          h('time', { class: 'soft', datetime: task.deleted_at, title: moment(task.deleted_at) }, t('removed_when', { when: ago(task.deleted_at) }))),
        h('button', { disabled: this.#busy.has(task.id), 'aria-label': t('restore_of', task), onclick: () => this.#restore(task) }, icon('undo'), t('restore'))))));
  }

  async #restore(task) {
    this.#busy.add(task.id);
    this.update();
    await this.attempt(async () => {
      await this.live.api.act(`v1/tasks/${task.id}/restore`);
      await this.live.readTasksOf(task.plan_id);
      this.toast(t('restored', task));
    });
    this.#busy.delete(task.id);
    this.update();
    this.refocus('button:enabled, summary');
  }
}

customElements.define('mortise-removed', Removed);
