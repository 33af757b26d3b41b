// <mortise-history task="tsk_...">: why a task looks as it does, here and in each service.

import { conflictsView } from './conflicts.js';
import { h, icon } from './dom.js';
import { MortiseElement } from './element.js';
import { Pages } from './pages.js';
import { ago, moment, t } from './texts.js';
import { valueText } from './values.js';

const here = new Set(['receive', 'appear', 'take_away', 'restore']);

export class History extends MortiseElement {
  static observedAttributes = ['task'];
  #ends = 0;
  #lines = null;

  forget() { this.#lines = null; }

  view() {
    const task = this.getAttribute('task') ?? '';
    if (!task || !this.live.loaded) return this.pending();
    if (!this.#lines) this.#lines = new Pages(this, `v1/tasks/${task}/history`, 20);
    else if (this.#ends !== this.live.ends) this.#lines.again();
    this.#ends = this.live.ends;
    const conflicts = this.live.conflicts.filter((each) => each.task_id === task);
    return [
      conflicts.length > 0 && h('section', {}, h('h3', {}, t('conflicts')), conflictsView(this, conflicts)),
      this.#lines.view(t('no_history'), (items) => h('ol', { class: 'plain lines' }, items.map((line) => this.#line(line)))),
    ];
  }

  #line(line) {
    const connection = this.live.connections.find((each) => each.id === line.connection_id);
    const service = this.live.connector(connection?.connector)?.name ?? connection?.connector ?? '';
    const notified = line.cause && line.cause !== 'poll';
    // Without a cause it was an edit here, or what is exported for the first time.
    const why = notified ? t('why_notification', { service }) : line.cause ? t('why_poll')
      : t(line.action === 'create' && line.trigger === 'user' ? 'why_asked' : line.action === 'create' ? 'why_new' : 'why_edit');
    const facts = [
      [t('fact_at'), moment(line.at)],
      line.slot && [t('fact_slot'), valueText(line.slot)],
      notified && [t('fact_notification'), h('code', {}, line.cause)],
      line.task_rev > 0 && [t('fact_task_rev'), String(line.task_rev)],
      line.plan_rev > 0 && [t('fact_plan_rev'), String(line.plan_rev)],
      line.script_revision && [t('fact_script'), h('code', {}, line.script_revision)],
      line.provider_request && [t('fact_provider_request', { service }), h('code', {}, line.provider_request)],
      line.request_id && [t('fact_request'), h('code', {}, line.request_id)],
      [t('fact_run'), h('code', {}, line.run_id)],
    ].filter(Boolean);
    const failed = line.result !== 'done';
    return h('li', { key: `${line.run_id} ${line.action} ${line.slot ?? ''} ${line.at}`, 'data-action': line.action, 'data-result': line.result },
      h('details', {},
        h('summary', {},
          icon(failed ? 'warning' : here.has(line.action) ? 'in' : 'out'),
          h('span', { class: 'grow' }, h('strong', {}, t(`did_${line.action}`, { service }) ?? line.action), ' ', h('span', { class: 'soft' }, why),
            failed && h('span', { class: 'message outcome' }, `${t(`result_${line.result}`)}${line.error ? `: ${line.error.message}` : ''}`),
            line.message && h('span', { class: 'soft outcome' }, line.message)),
          h('time', { class: 'soft', datetime: line.at }, ago(line.at))),
        h('dl', { 'aria-label': t('where_from') }, facts.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]))));
  }
}

customElements.define('mortise-history', History);
