// <mortise-sync-badge task="tsk_...">: how a task stands in each service. A page that has the task
// already sets `sync` (the task's field); alone, the badge reads it and stays current.

import { h, icon } from './dom.js';
import { MortiseElement } from './element.js';
import { ago, t } from './texts.js';

const pictures = { synced: 'check', pending: 'sync', left_out: 'minus', asks: 'pause', failed: 'warning', paused: 'pause', conflict: 'warning', received: 'in' };
const recentMs = 24 * 3600 * 1000;

export class SyncBadge extends MortiseElement {
  static observedAttributes = ['task'];
  #sync = null;

  set sync(list) {
    this.#sync = list;
    this.update();
  }

  view() {
    const task = this.getAttribute('task') ?? '';
    return (this.#sync ?? this.#own(task)).map((each) => {
      const service = this.live.connector(each.connector)?.name ?? each.connector;
      const news = each.state === 'synced' ? newsOf(each) : '';
      const says = t(`badge_${news || each.state}`, { service, when: each.received_at && ago(each.received_at) });
      const title = each.error && each.state !== 'paused' ? `${says}: ${each.error.message}` : says;
      const content = [icon(pictures[news || each.state]), h('span', { 'aria-hidden': 'true' }, service), h('span', { class: 'hidden' }, title)];
      const props = { key: each.connection_id, class: `badge ${news || each.state}`, 'data-state': each.state, 'data-news': news || undefined, title };
      return each.url
        ? h('a', { ...props, href: each.url, target: '_blank', rel: 'noopener' }, content, h('span', { class: 'hidden' }, t('new_window')))
        : h('span', props, content);
    });
  }

  #own(task) {
    const plan = task && this.live.loaded ? this.live.planOf(task) : '';
    return (plan && this.live.tasks(plan)?.find((each) => each.id === task)?.sync) || [];
  }
}

/** What is worth more than "up to date": that both sides had changed it, that it just came from there. */
function newsOf({ conflict_id: conflict, received_at: received }) {
  if (conflict) return 'conflict';
  return received && Date.parse(received) > Date.now() - recentMs ? 'received' : '';
}

customElements.define('mortise-sync-badge', SyncBadge);
