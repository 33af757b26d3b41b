// What all components share: a shadow root with our styles, and a render() that runs whenever the
// account's state or the component's own state changed.

import { render } from './dom.js';
import { live } from './live.js';

const sheet = new CSSStyleSheet();
const styles = fetch(new URL('components.css', import.meta.url)).then(async (answer) => sheet.replace(await answer.text()));

export class MortiseElement extends HTMLElement {
  #stop = null;
  #due = false;

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

  attributeChangedCallback() {
    this.update();
  }

  /** Renders once, soon, however often it was called. */
  update() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) render(this.shadowRoot, ...[this.view()].flat());
    });
  }

  /** Runs `work`; a failure becomes a toast. Answers undefined then. */
  async attempt(work) {
    try {
      return await work();
    } catch (problem) {
      this.toast(problem.message, 'error');
      return undefined;
    } finally {
      this.update();
    }
  }

  toast(text, kind = 'info') {
    document.dispatchEvent(new CustomEvent('mortise-toast', { detail: { text, kind } }));
  }
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
