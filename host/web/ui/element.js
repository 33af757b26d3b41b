// What all components share: a shadow root with our styles, and a render() that runs whenever the
// account's state or the component's own state changed.

import { h, render } from './dom.js';
import { live } from './live.js';
import { t, why, whyNotYet } from './texts.js';

const sheet = new CSSStyleSheet();
const styles = fetch(new URL('components.css', import.meta.url)).then(async (answer) => sheet.replace(await answer.text()));

export class MortiseElement extends HTMLElement {
  #stop = null;
  #due = false;
  #account = '';

  constructor() {
    super();
    this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [sheet];
    this.live = live;
  }

  async connectedCallback() {
    await styles;
    if (this.isConnected && !this.#stop) this.#stop = this.live.subscribe(() => this.update());
  }

  disconnectedCallback() {
    this.#stop?.();
    this.#stop = null;
  }

  attributeChangedCallback(name, before, now) {
    if (before === now) return;
    this.forget();
    this.update();
  }

  /** Drops what was read of another account, or for another value of an attribute. */
  forget() {}

  /** Renders once, soon, however often it was called. */
  update() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (!this.isConnected) return;
      if (this.#account !== this.live.account) this.forget();
      this.#account = this.live.account;
      render(this.shadowRoot, ...[this.view()].flat());
    });
  }

  /** What stands where nothing is loaded: that it comes, or why it does not. */
  pending() {
    return h('p', { class: 'soft', role: 'status' }, this.live.problem ? whyNotYet(this.live.problem) : t('loading'));
  }

  /** Runs `work`; a failure becomes a toast. Answers undefined then. */
  async attempt(work) {
    try {
      return await work();
    } catch (problem) {
      complain(problem);
      return undefined;
    } finally {
      this.update();
    }
  }

  /** Puts the focus where it belongs if what had it is gone; who has moved on meanwhile stays there. */
  async refocus(selector) {
    await new Promise(requestAnimationFrame);
    if (document.activeElement === document.body) this.shadowRoot.querySelector(selector)?.focus();
  }

  toast(text, kind) {
    toast(text, kind);
  }
}

export function toast(text, kind = 'info') {
  const say = () => document.dispatchEvent(new CustomEvent('mortise-toast', { detail: { text, kind }, cancelable: true }));
  if (!say()) return;  // somebody shows it
  document.body.append(document.createElement('mortise-toasts'));
  say();
}

/** Says what did not work. That nobody is signed in any more, every component says by itself. */
export function complain(problem) {
  if (problem.status !== 401) toast(why(problem), 'error');
}

/** Leaves for the service's consent page; the browser comes back to this page. */
export async function connect(connector, plan) {
  const back = new URL(location.href);
  back.hash = '';
  const session = await live.api.act(`v1/accounts/${encodeURIComponent(live.account)}/connect_sessions`, {
    connector, return_to: back.href, ...(plan && { export_plan_id: plan }),
  });
  location.assign(session.url);
}
