// Removing a plan: what shall become of what was exported is for the person to say.

import { h } from './dom.js';
import { live } from './live.js';
import { openSheet, sheet } from './sheet.js';
import { t, why } from './texts.js';

export class PlanRemoval {
  #draw;
  #asks = false;
  #busy = false;
  #problem = null;
  /** The host says that items stand there, also of tasks that are not in the plan any more. */
  #stands = false;

  constructor(draw) { this.#draw = draw; }

  /** `tasks`: those of the plan, or null. */
  view(plan, tasks) {
    const exported = this.#stands || tasks?.some((task) => task.sync.length > 0);
    const button = (text, remote, danger) => h('button', { key: remote, class: danger ? 'danger' : '', disabled: this.#busy,
      onclick: (event) => this.#remove(plan, remote, event.target.closest('dialog')) }, text);
    return [
      h('button', { class: 'quiet', key: 'remove', 'aria-haspopup': 'dialog', disabled: !tasks, onclick: (event) => this.#ask(event.target.closest('article')) }, t('remove_plan')),
      this.#asks && sheet('remove-plan', t('remove_plan_ask', plan), () => { this.#asks = false; this.#draw(); },
        this.#problem && h('p', { class: 'message', role: 'alert' }, why(this.#problem)),
        h('p', { role: 'status' }, t(exported ? 'remove_plan_says' : 'remove_plan_bare')),
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

  async #remove({ id }, remote, dialog) {
    this.#busy = true;
    this.#problem = null;
    this.#draw();
    let asked = false;
    try {
      await live.api.request('DELETE', `v1/plans/${id}${remote && `?remote=${remote}`}`);
      live.forgetPlan(id);
    } catch (problem) {
      asked = problem.reason === 'remote_choice_needed';
      if (asked) this.#stands = true;
      else this.#problem = problem;
    }
    this.#busy = false;
    this.#draw();
    if (asked) dialog.querySelector('.wrap button')?.focus();  // what had the focus is gone
  }
}
