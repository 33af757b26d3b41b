// <mortise-toasts>: short messages of all components, and what connecting brought back.

import { h, icon } from './dom.js';
import { MortiseElement, toast } from './element.js';
import { live } from './live.js';
import { t, texts } from './texts.js';

const shownMs = 8_000;

export class Toasts extends MortiseElement {
  #toasts = [];
  #next = 0;
  #hear = (event) => {
    if (event.defaultPrevented) return;  // another one shows it
    event.preventDefault();
    this.#show(event.detail.text, event.detail.kind);
  };

  connectedCallback() {
    document.addEventListener('mortise-toast', this.#hear);
    return super.connectedCallback();
  }

  disconnectedCallback() {
    document.removeEventListener('mortise-toast', this.#hear);
    super.disconnectedCallback();
  }

  view() {
    const shown = this.#toasts.filter((toast) => toast.account === this.live.account);
    const list = (role, bad) => h('div', { key: role, role }, shown.filter((toast) => (toast.kind === 'error') === bad).map((toast) =>
      h('div', { key: toast.id, class: `toast ${toast.kind}` },
        icon(toast.kind === 'error' ? 'warning' : 'check'), h('span', {}, toast.text),
        h('button', { class: 'quiet', 'aria-label': t('dismiss'), onclick: () => this.#hide(toast.id) }, icon('cross')))));
    return [list('status', false), list('alert', true)];
  }

  // Errors stay until they are dismissed: they may need more time than a moment.
  #show(text, kind) {
    const id = this.#next++;
    const { account } = this.live;
    this.#toasts = [...this.#toasts.filter((each) => each.account === account).slice(-3), { id, text, kind, account }];
    this.update();
    if (kind !== 'error') setTimeout(() => this.#hide(id), shownMs);
  }

  #hide(id) {
    this.#toasts = this.#toasts.filter((toast) => toast.id !== id);
    this.update();
  }
}

customElements.define('mortise-toasts', Toasts);

/** Says once what connecting brought back. */
function greet() {
  if (!live.returned?.status) return;
  const { status, reason, access, export: refused } = live.returned;
  live.returned.status = '';
  if (status === 'error') {
    const known = `reason_${reason}` in texts.en;
    const why = known ? t(`reason_${reason}`) : t('reason_other', { reason: reason.replaceAll('_', ' ') });
    toast([t('toast_error', { why }), ...(access === 'left' ? [t('access_left')] : [])].join(' '), 'error');
  } else if (refused && refused !== 'quota_exceeded') {
    toast(t('export_not_started'), 'error');
  } else {
    toast(t('toast_success'), 'success');
  }
}

live.subscribe(greet);
