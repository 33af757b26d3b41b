// <mortise-export plan="pln_...">: export and sync buttons of a plan, per service, with everything
// that may happen in between.

import { h, icon } from './dom.js';
import { MortiseElement, complain, connect } from './element.js';
import { asks, isFinished } from './live.js';
import { underWay } from './run_view.js';
import { openSheet } from './sheet.js';
import { day, t } from './texts.js';

const mostPreviewLines = 50;

export class Export extends MortiseElement {
  static observedAttributes = ['plan'];
  #busy = new Set();
  #previews = new Map();
  #quota = null;

  forget() {
    this.#previews.clear();
    this.#quota = null;
  }

  get plan() { return this.getAttribute('plan') ?? ''; }

  view() {
    if (!this.live.loaded || !this.plan) return this.pending();
    this.#takeReturned();
    return [
      h('div', { class: 'cards' }, this.live.connectors.map((connector) => this.#service(connector))),
      this.#quotaView(),
    ];
  }

  #takeReturned() {
    const { returned, usage } = this.live;
    if (returned?.export !== 'quota_exceeded' || !usage) return;
    returned.export = '';  // said once, whichever plan it was about
    this.#refused(usage);
  }

  #service(connector) {
    const connection = this.live.connection(connector.id);
    const runs = connection ? this.live.runsOf((run) => run.connection_id === connection.id && this.#isAbout(run)) : [];
    const [run] = runs;
    const state = this.live.stateOf(connection);
    const active = run && !isFinished(run);
    if (connection && state === 'connected' && !active) this.#readPreview(connector, connection, run);
    const exported = runs.some((each) => each.counts.done > 0 || each.state === 'succeeded') || this.#stands(connection);
    const heading = `export-${connector.id}`;
    return h('section', { class: 'export', key: connector.id, 'data-connector': connector.id, 'aria-labelledby': heading },
      h('h3', { id: heading, class: 'hidden' }, connector.name),
      h('div', { class: 'row wrap' },
        h('button', { key: 'export', class: exported ? '' : 'main', disabled: active || this.#busy.has(connector.id),
          onclick: () => this.#start(connector, connection, 'export') }, connector.export_label),
        exported && h('button', { key: 'sync', class: 'main', disabled: active || this.#busy.has(connector.id),
          onclick: () => this.#start(connector, connection, 'sync') }, icon('sync'), t('sync_now')),
        this.#link(connector, connection, runs, exported)),
      h('div', { 'aria-live': 'polite' },
        !connection && h('p', { class: 'soft' }, t('connect_first', { service: connector.name })),
        run && this.#runView(connector, run),
        !active && connection && this.#previewView(connection, run)));
  }

  /** Also a run of the whole connection, while it asks about this plan. */
  #isAbout(run) {
    return run.plan_id === this.plan || (!run.plan_id && asks(run) && run.guard?.plan_id === this.plan);
  }

  /** What the tasks say holds for longer than the list of runs goes back. */
  #stands(connection) {
    return connection && this.live.tasks(this.plan)?.some((task) => task.sync.some((each) => each.connection_id === connection.id));
  }

  #link(connector, connection, runs, exported) {
    const url = runs.find((run) => run.url)?.url ?? (runs.length || exported ? connection?.target?.url : undefined);
    return url && h('a', { key: 'open', class: 'out', href: url, target: '_blank', rel: 'noopener' },
      t('open_in', { service: connector.name }), icon('out'), h('span', { class: 'hidden' }, t('new_window')));
  }

  #runView(connector, run) {
    return isFinished(run) ? this.#resultView(connector, run) : underWay(this, connector, run, connector.export_label);
  }

  #resultView(connector, run) {
    const { counts, progress } = run;
    const failed = counts.failed + counts.parked + counts.uncertain;
    const words = {
      succeeded: counts.done ? t('run_succeeded', { count: counts.done }) : t('run_unchanged'),
      partial: t('run_partial', { done: counts.done, failed }),
      failed: t('run_failed'),
      cancelled: t('run_cancelled', progress),
    };
    const good = run.state === 'succeeded';
    return h('div', { class: `result ${run.state}`, key: run.id, 'data-state': run.state, role: good ? undefined : 'alert' },
      h('span', {}, icon(good ? 'check' : run.state === 'cancelled' ? 'cross' : 'warning'), words[run.state]),
      !good && run.error?.message && h('p', { class: 'soft' }, run.error.message),
      !good && h('button', { disabled: this.#busy.has(connector.id), onclick: () => this.#start(connector, this.live.connection(connector.id), 'sync') }, t('retry')));
  }

  // Previews cost no quota: one is asked for when a plan or its last run changed.
  async #readPreview(connector, connection, run) {
    const tasks = this.live.tasks(this.plan);
    if (!tasks) return;
    const stamp = `${run?.id} ${connection.rev}`;
    const known = this.#previews.get(connection.id);
    if (known?.stamp === stamp && known.tasks === tasks) return;
    const entry = { stamp, tasks, preview: known?.preview };
    this.#previews.set(connection.id, entry);
    try {
      entry.preview = await this.live.api.request('POST', `v1/accounts/${encodeURIComponent(this.live.account)}/exports/preview`,
        { body: { plan_id: this.plan, connection_id: connection.id } });
    } catch {
      entry.preview = null;  // a line less; what is wrong, the export itself says
    }
    this.update();
  }

  /** `run`: the last one, which may say it already, or that it did not work. */
  #previewView(connection, run) {
    const preview = this.#previews.get(connection.id)?.preview;
    if (!preview) return null;
    const { create, update, remove, receive, parked, cost } = preview;
    if (create + update + remove + receive + parked === 0) {
      return !run || run.state === 'cancelled' ? h('p', { class: 'soft preview' }, t('preview_none')) : null;
    }
    const says = [t('preview', { create, update, remove, ...cost }), receive > 0 && t('preview_receive', { count: receive }),
      parked > 0 && t('preview_parked', { count: parked })].filter(Boolean);
    const lines = [
      ...preview.items.map(({ action, title }) => [t(`action_${action}`), title]),
      ...preview.parked_items.map(({ title, message }) => [t('result_parked'), `${title}: ${message}`]),
    ];
    return h('details', { class: 'soft preview' },
      h('summary', {}, says.join(' · ')),
      preview.guard && h('p', {}, icon('warning'), preview.guard),
      h('ul', { 'aria-label': t('preview_list') },
        lines.slice(0, mostPreviewLines).map(([what, which]) => h('li', {}, h('em', {}, what), ' ', which)),
        lines.length > mostPreviewLines && h('li', {}, t('preview_more', { count: lines.length - mostPreviewLines }))));
  }

  async #start(connector, connection, kind) {
    if (this.#busy.has(connector.id)) return;
    this.#busy.add(connector.id);
    this.update();
    try {
      if (!connection || connection.status === 'needs_reconnect') {
        await connect(connector.id, kind === 'export' ? this.plan : '');
      } else {
        this.live.keep(await this.live.api.act(`v1/accounts/${encodeURIComponent(this.live.account)}/exports`,
          { plan_id: this.plan, connection_id: connection.id, kind }));
      }
    } catch (problem) {
      if (problem.reason === 'quota_exceeded') this.#refused(problem);
      else complain(problem);
    }
    this.#busy.delete(connector.id);
    this.update();
  }

  #refused(quota) {
    this.#quota = quota;
    this.update();
    openSheet(this.shadowRoot);
  }

  #quotaView() {
    const quota = this.#quota;
    if (!quota) return null;
    const close = () => this.shadowRoot.querySelector('dialog').close();
    return h('dialog', { 'aria-labelledby': 'quota-title', onclose: () => { this.#quota = null; this.update(); } },
      h('h2', { id: 'quota-title' }, t('quota_title')),
      h('p', {}, t('quota_says', quota)),
      h('p', { class: 'soft' }, t('quota_resets', { when: day(quota.reset_at, { day: 'numeric', month: 'long', timeZone: this.live.profile.zone }) })),
      h('div', { class: 'row wrap' },
        quota.upgrade_url && h('a', { class: 'button main', href: quota.upgrade_url }, t('upgrade')),
        h('button', { onclick: close }, t('later'))));
  }
}

customElements.define('mortise-export', Export);
