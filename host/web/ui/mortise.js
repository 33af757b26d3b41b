// The components, for an app's own pages. See docs/embedding.md.
//
//   import { signIn } from 'https://sync.example.org/ui/mortise.js';
//   signIn(async () => (await fetch('/mortise-code', { method: 'POST' })).text());

import './activity.js';
import './badge.js';
import './connections.js';
import './export.js';
import './history.js';
import './removed.js';
import './toasts.js';
import { client } from './client.js';

/**
 * `code` answers a fresh one-time code, minted by the app's server for the user who is signed in there. Rejects where
 * that does not work; may be called again, also for somebody else.
 */
export function signIn(code) {
  return client.useCodes(code);
}

/** Nobody is signed in any more: nothing of the account is left in the page. */
export function signOut() {
  return client.signOut();
}
