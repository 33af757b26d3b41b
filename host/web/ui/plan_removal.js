// Removing a plan: what shall become of what was exported is for the person to say.

import { h } from './dom.js';
import { live } from './live.js';
import { openSheet, sheet } from './sheet.js';
import { t } from './texts.js';

export class PlanRemoval {
  #plan;
  #draw;
  #gone;
  #asks = false;
  #busy = false;
  #problem = null;

  constructor(plan, draw, gone) {
    this.#plan = plan;
    this.#draw = draw;
    this.#gone = gone;
  }

  /** `tasks`: those of the plan, or null. */
  view(tasks) {
    const exported = tasks?.some((task) => task.sync.length > 0);
    const button = (text, remote, danger) => h('button', { class: danger ? 'danger' : '', disabled: this.#busy, onclick: () => this.#remove(remote) }, text);
    return [
      h('button', { class: 'quiet', key: 'remove', 'aria-haspopup': 'dialog', disabled: !tasks, onclick: (event) => this.#ask(event.target.closest('article')) }, t('remove_plan')),
      this.#asks && sheet('remove-plan', t('remove_plan_ask', this.#plan), () => { this.#asks = false; this.#draw(); },
        this.#problem && h('p', { class: 'message', role: 'alert' }, this.#problem.message),
        h('p', {}, t(exported ? 'remove_plan_says' : 'remove_plan_bare')),
        h('div', { class: 'row wrap' },
          exported ? [button(t('remove_plan_keep'), 'keep', false), button(t('remove_plan_remove'), 'remove', true)] : button(t('remove_plan_only'), '', true),
          h('button', { onclick: (event) => event.target.closest('dialog').close() }, t('cancel')))),
    ];
  }

  #ask(root) {
    this.#asks = true;
    this.#problem = null;
    this.#draw();
    openSheet(root);
  }

  async #remove(remote) {
    this.#busy = true;
    this.#draw();
    try {
      await live.api.request('DELETE', `v1/plans/${this.#plan.id}${remote && `?remote=${remote}`}`);
      document.dispatchEvent(new CustomEvent('mortise-toast', { detail: { text: t('plan_removed', this.#plan), kind: 'info' } }));
      await this.#gone();
    } catch (problem) {
      this.#problem = problem;
    }
    this.#busy = false;
    this.#draw();
  }
}
