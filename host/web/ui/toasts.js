// <mortise-toasts>: short messages of all components, and what connecting brought back.

import { h, icon } from './dom.js';
import { MortiseElement } from './element.js';
import { t, texts } from './texts.js';

const shownMs = 8_000;

export class Toasts extends MortiseElement {
  #toasts = [];
  #next = 0;
  #hear = (event) => this.#show(event.detail.text, event.detail.kind);

  forget() { this.#toasts = []; }

  connectedCallback() {
    document.addEventListener('mortise-toast', this.#hear);
    return super.connectedCallback();
  }

  disconnectedCallback() {
    document.removeEventListener('mortise-toast', this.#hear);
    super.disconnectedCallback();
  }

  view() {
    const { returned } = this.live;
    if (returned?.status) {
      this.#greet(returned);
      returned.status = '';
    }
    const list = (role, bad) => h('div', { key: role, role }, this.#toasts.filter((toast) => (toast.kind === 'error') === bad).map((toast) =>
      h('div', { key: toast.id, class: `toast ${toast.kind}` },
        icon(toast.kind === 'error' ? 'warning' : 'check'), h('span', {}, toast.text),
        h('button', { class: 'quiet', 'aria-label': t('dismiss'), onclick: () => this.#hide(toast.id) }, icon('cross')))));
    return [list('status', false), list('alert', true)];
  }

  #greet({ status, reason, access, export: refused }) {
    if (status === 'error') {
      const known = `reason_${reason}` in texts.en;
      const why = known ? t(`reason_${reason}`) : t('reason_other', { reason: reason.replaceAll('_', ' ') });
      this.#show([t('toast_error', { why }), ...(access === 'left' ? [t('access_left')] : [])].join(' '), 'error');
    } else if (refused && refused !== 'quota_exceeded') {
      this.#show(t('export_not_started'), 'error');
    } else {
      this.#show(t('toast_success'), 'success');
    }
  }

  // Errors stay until they are dismissed: they may need more time than a moment.
  #show(text, kind) {
    const id = this.#next++;
    this.#toasts = [...this.#toasts.slice(-3), { id, text, kind }];
    this.update();
    if (kind !== 'error') setTimeout(() => this.#hide(id), shownMs);
  }

  #hide(id) {
    this.#toasts = this.#toasts.filter((toast) => toast.id !== id);
    this.update();
  }
}

customElements.define('mortise-toasts', Toasts);
