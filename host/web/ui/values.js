// Values of docs/kinds.md as people write them.

import { day, t } from './texts.js';

/** Empty for what is no value. */
export function valueText(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return t(value ? 'yes' : 'no');
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  if (typeof value === 'object') return Object.values(value).map(valueText).join(' · ');
  const text = String(value);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return day(text, { dateStyle: 'medium' });
  // A local time: no zone shifts it.
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return day(`${text}Z`, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  const [, days, hours, minutes, seconds] = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text) ?? [];
  return [days && t('days', { count: Number(days) }), hours && `${hours} h`, minutes && `${minutes} min`, seconds && `${seconds} s`]
    .filter(Boolean).join(' ') || text;
}
