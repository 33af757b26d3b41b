// The components, for an app's own pages. See docs/embedding.md.
//
//   import { signIn } from 'https://sync.example.org/ui/mortise.js';
//   signIn(() => fetch('/mortise-code', { method: 'POST' }).then((answer) => answer.text()));

import './activity.js';
import './badge.js';
import './connections.js';
import './export.js';
import './history.js';
import './removed.js';
import './toasts.js';
import { client } from './client.js';

/** `code` answers a fresh one-time code, minted by the app's server for the user who is signed in there. */
export function signIn(code) {
  return client.useCodes(code);
}
