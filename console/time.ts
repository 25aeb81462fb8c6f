/** Times as people read them: how long ago, beside when, and in which zone. */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `4 min`, `2 h 10 min`, `3 d`: how long something is. */
export function lasting(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < second) return `${Math.round(ms)} ms`;
  if (ms < 10 * second) return `${(ms / second).toFixed(1)} s`;
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  if (ms < day) {
    const minutes = Math.floor((ms % hour) / minute);
    return `${Math.floor(ms / hour)} h${minutes === 0 ? '' : ` ${minutes} min`}`;
  }
  return `${Math.floor(ms / day)} d`;
}

/** `4 min ago`, `now`, `in 11 min`. */
export function relative(at: number, now: number): string {
  const away = at - now;
  if (Math.abs(away) < 5 * second) return 'now';
  return away < 0 ? `${lasting(-away)} ago` : `in ${lasting(away)}`;
}

/** `11:42` left of a deadline; from an hour on as `lasting` says it. */
export function countdown(at: number, now: number): string {
  const left = Math.max(0, at - now);
  if (left >= hour) return lasting(left);
  return `${Math.floor(left / minute)}:${String(Math.floor((left % minute) / second)).padStart(2, '0')}`;
}

/** `03:02:09 UTC`, with the day where that is not today. */
export function absolute(at: number, zone: 'UTC' | 'local', now: number): string {
  const { date, time, name } = partsOf(at, zone);
  const isToday = partsOf(now, zone).date === date;
  return `${isToday ? '' : `${date} `}${time} ${name}`;
}

/** `03:02:09` alone, for rows whose list names the zone. */
export const clock = (at: number, zone: 'UTC' | 'local'): string => partsOf(at, zone).time;

export const zoneName = (at: number, zone: 'UTC' | 'local'): string => partsOf(at, zone).name;

export const dayOf = (at: number, zone: 'UTC' | 'local'): string => partsOf(at, zone).date;

const two = (value: number) => String(value).padStart(2, '0');

/** Without the formats of `Intl`, which take a hundred times as long: a story has thousands of times. */
function partsOf(at: number, zone: 'UTC' | 'local'): { date: string; time: string; name: string } {
  const moment = new Date(at);
  if (zone === 'UTC') {
    const text = moment.toISOString();
    return { date: text.slice(0, 10), time: text.slice(11, 19), name: 'UTC' };
  }
  const day = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()];
  return {
    date: day.map(two).join('-'),
    time: [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(':'),
    name: localName(moment),
  };
}

const localNames = new Map<number, string>();

/** What the local zone is called at a moment: as long as it is as far from UTC, it is called the same. */
function localName(moment: Date): string {
  const away = moment.getTimezoneOffset();
  const known = localNames.get(away);
  if (known !== undefined) return known;
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(moment);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  localNames.set(away, name);
  return name;
}
