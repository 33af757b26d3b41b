// Every text of the pages, in every language: texts_<language>.js. What comes from a service or from
// the app (titles, labels, messages) is shown as it came.

import { en } from './texts_en.js';
import { es } from './texts_es.js';

export const texts = { en, es };

/** The language of the document, or the one wanted, else of the browser; English where we have no words for it. */
export function language(first = document.documentElement.lang) {
  for (const wanted of [first, ...navigator.languages]) {
    const known = wanted.toLowerCase().split('-')[0];
    if (known in texts) return known;
  }
  return 'en';
}

export function t(name, values = {}) {
  const text = texts[language()][name];
  return typeof text === 'function' ? text(values) : text;
}

/** Why something did not work, in words for whoever looks. */
export function why({ status, message }) {
  if (status === 401) return t('sign_in_title');
  return status === 0 ? t('problem_network') : message;
}

/** The same of what is tried again by itself. */
export function whyNotYet(problem) {
  return problem.status === 0 ? `${why(problem)} ${t('problem_again')}` : why(problem);
}

/** "2 minutes ago", "in 2 minutes". */
function relative(instant, most, least) {
  const seconds = Math.min(most, Math.max(least, Math.round((Date.parse(instant) - Date.now()) / 1000)));
  // "Yesterday" would be said of what was two midnights ago; "now" is right.
  for (const [unit, size] of [['day', 86400], ['hour', 3600], ['minute', 60]]) {
    if (Math.abs(seconds) >= size) return new Intl.RelativeTimeFormat(language()).format(Math.trunc(seconds / size), unit);
  }
  return new Intl.RelativeTimeFormat(language(), { numeric: 'auto' }).format(seconds, 'second');
}

/** Of what has been; clocks that differ make no future of it. */
export const ago = (instant) => relative(instant, 0, -Infinity);
/** Of what is to come. */
export const ahead = (instant) => relative(instant, Infinity, 0);

/** A day and a time of day. */
export function moment(instant) {
  return new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short' }).format(Date.parse(instant));
}

/** A day ("2026-11-23") or an instant as people write it; days are no instants: no zone shifts them. */
export function day(text, style = { day: 'numeric', month: 'short' }) {
  const dated = text.length === 10;
  return new Intl.DateTimeFormat(language(), dated ? { ...style, timeZone: 'UTC' } : style).format(Date.parse(text));
}

/** 5760 -> "1 h 36 min". */
export function duration(seconds) {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.ceil((seconds % 3600) / 60);
  return [hours && `${hours} h`, minutes && `${minutes} min`].filter(Boolean).join(' ') || '0 min';
}
