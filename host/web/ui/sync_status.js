// How the sync of a connection stands, in a line and in full.

import { h, icon } from './dom.js';
import { asks, isFinished } from './live.js';
import { ago, ahead, moment, t } from './texts.js';

/** For a card: "Last sync 2 minutes ago · next look in 13 minutes". */
export function statusLine(connection) {
  const { sync } = connection;
  const [last] = [sync.last_complete_at, connection.last_sync_at].filter(Boolean).sort((a, b) => Date.parse(b) - Date.parse(a));
  const next = !connection.auto_sync ? t('only_on_request')
    : !sync.next_at || connection.status !== 'connected' ? ''
      : Date.parse(sync.next_at) > Date.now() ? t('next_look', { when: ahead(sync.next_at) }) : t('next_look_due');
  return [last ? t('last_sync', { when: ago(last) }) : t('never_synced'), next].filter(Boolean).join(' · ');
}

export function statusView(connection) {
  const { sync } = connection;
  const at = (instant, relative) => h('time', { datetime: instant, title: moment(instant) }, relative(instant));
  const next = !sync.next_at ? t('status_next_none') : Date.parse(sync.next_at) > Date.now() ? at(sync.next_at, ahead) : t('next_look_due');
  const facts = [
    [t('status_state'), t(`status_${sync.state}`, sync)],
    [t('status_complete'), sync.last_complete_at ? at(sync.last_complete_at, ago) : t('never_synced')],
    [t('status_next'), next],
    [t('status_push'), pushText(connection)],
    sync.oldest_notification_at && [t('status_notification'), at(sync.oldest_notification_at, ago)],
    sync.last_run && [t('status_totals'), outcome(sync.last_run)],
    sync.error && [t('status_error'), h('span', { class: 'message' }, icon('warning'), ' ', sync.error.message)],
  ].filter(Boolean);
  return h('dl', {}, facts.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

/** What became of a run. */
export function outcome(run) {
  const { counts, state } = run;
  if (!isFinished(run)) return t(asks(run) ? 'status_asks' : 'run_under_way');
  const counted = countsText(counts);
  if (counted) return counted;
  return t(state === 'succeeded' ? 'run_nothing' : state === 'cancelled' ? 'run_stopped' : 'run_failed');
}

/** "1 written there, 3 taken over here"; empty if there is nothing to count. */
function countsText({ done, received, conflicts, failed, parked, uncertain }) {
  return Object.entries({ done, received, conflicts, failed: failed + parked + uncertain })
    .filter(([, count]) => count > 0).map(([name, count]) => t(`counts_${name}`, { count })).join(', ');
}

function pushText({ auto_sync: isOn, sync: { push } }) {
  if (push.state === 'failing') return [t('push_failing'), push.message && `(${push.message})`].filter(Boolean).join(' ');
  if (push.state !== 'off') return t(`push_${push.state}`);
  if (push.reason === 'not_wanted') return t(isOn ? 'push_stay' : 'push_on_request');
  const why = (push.reason && t(`push_${push.reason}`)) || push.message;
  return why ? t('push_off', { why }) : t('push_at_look');
}
