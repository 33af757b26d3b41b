// <mortise-activity connection="cnn_...">: how a connection's sync stands, what both sides had
// changed, and its runs with what became of each item.

import { conflictsView } from './conflicts.js';
import { h, icon } from './dom.js';
import { MortiseElement } from './element.js';
import { Pages } from './pages.js';
import { outcome, statusView } from './sync_status.js';
import { ago, moment, t } from './texts.js';

const pictures = { succeeded: 'check', partial: 'warning', failed: 'warning', cancelled: 'cross', waiting: 'pause' };

export class Activity extends MortiseElement {
  static observedAttributes = ['connection'];
  #runs = null;
  #items = new Map();

  forget() {
    this.#runs = null;
    this.#items.clear();
  }

  view() {
    const connection = this.live.connections.find((each) => each.id === this.getAttribute('connection'));
    const connector = connection && this.live.connector(connection.connector);
    if (!connector) return this.pending();
    this.#runs ??= new Pages(this, `v1/runs?connection_id=${connection.id}`, 10);
    const runs = this.#known(connection);
    const conflicts = this.live.conflicts.filter((each) => each.connection_id === connection.id);
    return [
      section(t('status'), statusView(connection)),
      section(t('conflicts'), conflicts.length ? conflictsView(this, conflicts) : h('p', { class: 'soft' }, t('no_conflicts'))),
      section(t('runs'), this.#runs.view(t('no_runs'), (items) => h('ul', { class: 'plain lines' }, items.map((run) => this.#run(connector, run))), runs)),
    ];
  }

  /** What was read, and what was heard of since. */
  #known(connection) {
    const { items } = this.#runs;
    if (!items) return null;
    const newest = items[0]?.id ?? '';
    const fresh = this.live.runsOf((run) => run.connection_id === connection.id && run.id > newest);
    return [...fresh, ...items.map((run) => this.live.runs.get(run.id) ?? run)];
  }

  #run(connector, run) {
    const at = run.finished_at ?? run.created_at;
    const open = (event) => {
      if (!event.target.open) this.#items.delete(run.id);  // read anew: it may have gone on
      else if (!this.#items.has(run.id)) this.#items.set(run.id, new Pages(this, `v1/runs/${run.id}/items`, 100));
      this.update();
    };
    return h('li', { key: run.id, 'data-run': run.id, 'data-state': run.state },
      h('details', { ontoggle: open },
        h('summary', {},
          icon(pictures[run.state] ?? 'spinner', run.state),
          h('span', { class: 'grow' }, h('strong', {}, t(`run_${run.kind}`)), ' ',
            h('span', { class: 'soft' }, t(`trigger_${run.trigger}`, { service: connector.name })),
            h('span', { class: 'soft outcome' }, outcome(run))),
          h('time', { class: 'soft', datetime: at, title: moment(at) }, ago(at))),
        run.error?.message && h('p', { class: 'message' }, run.error.message),
        this.#items.get(run.id)?.view(t('no_items'), (items) => h('ul', { class: 'plain items', 'aria-label': t('run_items') },
          items.map((item) => itemView(connector, item))))));
  }
}

function itemView(connector, item) {
  return h('li', { 'data-action': item.action, 'data-result': item.result },
    item.url ? h('a', { href: item.url, target: '_blank', rel: 'noopener' }, item.title, h('span', { class: 'hidden' }, t('new_window'))) : item.title,
    h('span', { class: 'soft outcome' }, t(`did_${item.action}`, { service: connector.name }) ?? item.action),
    item.result !== 'done' && h('span', { class: 'message outcome' }, `${t(`result_${item.result}`)}${item.error ? `: ${item.error.message}` : ''}`),
    item.message && h('span', { class: 'soft outcome' }, item.message));
}

function section(title, ...content) {
  return h('section', {}, h('h3', {}, title), content);
}

customElements.define('mortise-activity', Activity);
