// <mortise-connections>: a card per service. Every state has a picture and a word.

import './activity.js';
import { h, icon } from './dom.js';
import { MortiseElement, connect } from './element.js';
import { isFinished } from './live.js';
import { underWay } from './run_view.js';
import { settingsView } from './settings.js';
import { openSheet, sheet } from './sheet.js';
import { statusLine } from './sync_status.js';
import { t } from './texts.js';

const pictures = { connected: 'check', not_connected: 'cross', syncing: 'spinner', asks: 'warning', error: 'warning', needs_reconnect: 'warning' };
const recentMs = 24 * 3600 * 1000;

export class Connections extends MortiseElement {
  #busy = new Set();
  #asking = '';
  #activity = '';
  #targets = new Map();
  #titles = new Map();
  #notes = new Map();

  forget() {
    this.#asking = this.#activity = '';
    for (const memory of [this.#targets, this.#titles, this.#notes]) memory.clear();
  }

  view() {
    if (!this.live.loaded) return this.pending();
    if (this.live.connectors.length === 0) return h('p', { class: 'soft' }, t('no_services'));
    return h('div', { class: 'cards' }, this.live.connectors.map((connector) => {
      const alive = this.live.connections.filter((each) => each.connector === connector.id && each.status !== 'disconnected');
      return (alive.length ? alive : [null]).map((connection, at) => this.#card(connector, connection, at === 0 && this.#note(connector)));
    }));
  }

  #card(connector, connection, note) {
    const state = this.live.stateOf(connection);
    const id = connection?.id ?? connector.id;
    const name = h('h3', { id: `name-${id}` }, h('span', { class: 'tile', 'aria-hidden': 'true' }, connector.name[0]), connector.name);
    return h('section', { class: 'card', key: id, 'aria-labelledby': `name-${id}`, 'data-connector': connector.id, 'data-state': state },
      h('div', { class: 'row spread' }, name,
        h('span', { class: `state ${state}`, role: 'status' }, icon(pictures[state]), t(state))),
      note,
      connection && this.#facts(connection, state),
      connection && this.#news(connector, connection),
      h('div', { class: 'row wrap' }, connection ? this.#actions(connector, connection, state) : this.#connect(connector, connector.connect_label, true)),
      connection && state !== 'needs_reconnect' && settingsView(this, connector, connection, this.#targets, this.#titles),
      !connection && this.#tracked(connector),
      connection && this.#activity === connection.id && sheet(`activity-${id}`, t('activity_of', { service: connector.name }),
        () => this.#close(), h('mortise-activity', { connection: connection.id })));
  }

  #facts(connection, state) {
    const { email, name, workspace_name: workspace } = connection.identity;
    const who = [email || name, workspace].filter(Boolean).join(' · ');
    return [
      who && h('p', { class: 'who' }, who),
      state === 'error' && h('p', { class: 'message', role: 'alert' }, this.#failed(connection)?.error?.message ?? connection.reason ?? ''),
      h('p', { class: 'soft' }, statusLine(connection)),
    ];
  }

  /** A run of the whole connection that is under way or asks, runs of a plan that ask, and what both sides changed lately. */
  #news(connector, connection) {
    const runs = this.live.runsOf((run) => run.connection_id === connection.id && !isFinished(run) && (!run.plan_id || run.guard));
    const conflicts = this.live.conflicts.filter((each) => each.connection_id === connection.id && !each.undone_at
      && Date.parse(each.at) > Date.now() - recentMs);
    return [
      runs.map((run) => underWay(this, connector, run, t('sync_now'), 'group')),
      conflicts.length > 0 && h('p', { key: 'conflicts' }, icon('warning'), ' ', t('recent_conflicts', { count: conflicts.length }), ' ',
        h('button', { class: 'link', onclick: () => this.#open(connection.id) }, t('look_at_it'))),
    ];
  }

  #open(connection) {
    this.#activity = connection;
    this.update();
    openSheet(this.shadowRoot);
  }

  #close() {
    this.#activity = '';
    this.update();
  }

  /** What stays at the service after disconnecting. Where the host names no address, taking it away there would end another connection. */
  #note(connector) {
    const note = this.#notes.get(connector.id);
    return note && h('p', { class: note.url ? 'message' : 'soft', key: 'note' }, note.says, note.url && [' ',
      h('a', { href: note.url, target: '_blank', rel: 'noopener' }, t('manage_at', { service: connector.name }), icon('out'))]);
  }

  #tracked(connector) {
    return connector.features.length > 0 && h('details', {}, h('summary', {}, t('tracked')),
      h('ul', {}, connector.features.map((feature) => h('li', {}, feature.says))));
  }

  #failed(connection) {
    return this.live.runsOf((run) => run.connection_id === connection.id && run.state === 'failed')[0];
  }

  #actions(connector, connection, state) {
    if (this.#asking === connection.id) {
      return h('div', { class: 'ask', role: 'group', 'aria-labelledby': `ask-${connection.id}` },
        h('p', { id: `ask-${connection.id}` }, h('strong', {}, t('disconnect_ask', { service: connector.name })), ' ', t('disconnect_says')),
        h('div', { class: 'row wrap' },
          h('button', { class: 'danger', disabled: this.#busy.has(connection.id), onclick: () => this.#disconnect(connector, connection) }, t('disconnect')),
          h('button', { class: 'keep', onclick: () => this.#keep(connection) }, t('keep'))));
    }
    const failed = this.#failed(connection);
    const isActive = state === 'syncing' || this.#busy.has(connection.id);
    return [
      state === 'needs_reconnect' && this.#connect(connector, t('reconnect', { service: connector.name }), true),
      state === 'error' && failed && h('button', { key: 'retry', class: 'main', disabled: this.#busy.has(connection.id), onclick: () => this.#retry(connection, failed) }, t('retry')),
      state !== 'needs_reconnect' && h('button', { key: 'sync', disabled: isActive, onclick: () => this.#sync(connection) }, icon('sync'), t('sync_now')),
      h('button', { key: 'activity', 'aria-haspopup': 'dialog', onclick: () => this.#open(connection.id) }, t('activity')),
      h('button', { key: 'disconnect', class: 'leave', onclick: () => this.#ask(connection) }, t('disconnect')),
    ];
  }

  #connect(connector, label, main) {
    return h('button', { key: 'connect', class: main ? 'enter main' : 'enter', disabled: this.#busy.has(connector.id),
      onclick: () => this.#during(connector.id, () => connect(connector.id)) }, label);
  }

  #ask(connection) {
    this.#asking = connection.id;
    this.update();
    this.refocus('.ask .keep');
  }

  #keep(connection) {
    this.#asking = '';
    this.update();
    this.refocus(`[aria-labelledby="name-${connection.id}"] .leave`);
  }

  async #during(id, work) {
    this.#busy.add(id);
    this.update();
    const result = await this.attempt(work);
    this.#busy.delete(id);
    this.update();
    return result;
  }

  #sync(connection) {
    return this.#during(connection.id, async () => this.live.keep(await this.live.api.act(`v1/connections/${connection.id}/sync`)));
  }

  #retry(connection, run) {
    if (!run.plan_id) return this.#sync(connection);
    return this.#during(connection.id, async () => this.live.keep(
      await this.live.api.act(`v1/accounts/${encodeURIComponent(this.live.account)}/exports`,
        { plan_id: run.plan_id, connection_id: connection.id, kind: 'sync' })));
  }

  #takeNote(connector, { revoked, manage_url: url, message }) {
    const says = url ? 'revoke_by_hand' : connector.manage_url ? 'access_shared' : '';
    if (revoked) this.#notes.delete(connector.id);
    else this.#notes.set(connector.id, { url, says: says ? t(says, { service: connector.name }) : message });
  }

  async #disconnect(connector, connection) {
    const gone = await this.#during(connection.id, () => this.live.api.request('DELETE', `v1/connections/${connection.id}`));
    if (!gone) return;
    this.#asking = '';
    this.#takeNote(connector, gone);
    this.live.keepConnection(gone.connection);
    this.live.refresh();
    this.toast(t('disconnected', { service: connector.name }));
    this.refocus(`[data-connector="${connector.id}"] :is(.enter, .leave)`);
  }
}

customElements.define('mortise-connections', Connections);
