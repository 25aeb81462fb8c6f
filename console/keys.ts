import { signal } from '@preact/signals';
import { go } from './navigation.ts';
import { keys, zone } from './settings.ts';

export const isHelpOpen = signal(false);

/** What a page does at a key, while it is shown. A key moves, or opens something: none changes anything. */
const ofPage = new Map<string, () => void>();

export function onKey(key: string, act: () => void): () => void {
  ofPage.set(key, act);
  return () => {
    if (ofPage.get(key) === act) ofPage.delete(key);
  };
}

export const places: Readonly<Record<string, [path: string, name: string]>> = {
  i: ['/incidents', 'Incidents'],
  r: ['/runs', 'Runs'],
  a: ['/approvals', 'Approvals'],
  t: ['/triggers', 'Triggers'],
  e: ['/events', 'Events'],
  c: ['/connections', 'Connections'],
  d: ['/record', 'Record'],
  h: ['/changes', 'Guards'],
  n: ['/numbers', 'Numbers'],
};

let isGoing = false;

/** Single keys, never in a field, and never together with keys that the browser or the system knows. */
export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (keys.value === 'off' || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement | null;
    if (target?.closest('input, textarea, select, [contenteditable], dialog')) return;
    const { key } = event;
    if (isGoing) {
      isGoing = false;
      const place = places[key];
      if (place) {
        event.preventDefault();
        go(place[0]);
      }
      return;
    }
    if (act(key)) event.preventDefault();
  });
}

function act(key: string): boolean {
  switch (key) {
    case 'g':
      isGoing = true;
      setTimeout(() => {
        isGoing = false;
      }, 1_500);
      return true;
    case '?':
      isHelpOpen.value = true;
      return true;
    case '/':
      document.querySelector<HTMLInputElement>('#find')?.focus();
      return true;
    case 'z':
      zone.value = zone.value === 'UTC' ? 'local' : 'UTC';
      return true;
    case 'j':
      return moveRow(1);
    case 'k':
      return moveRow(-1);
    default: {
      const own = ofPage.get(key);
      own?.();
      return own !== undefined;
    }
  }
}

/** To the link of the next row, or of the one before. */
function moveRow(step: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  if (rows.length === 0) return false;
  const row = document.activeElement?.closest<HTMLElement>('[data-row]');
  const at = row ? rows.indexOf(row) : -1;
  const next = rows[Math.min(rows.length - 1, Math.max(0, at === -1 ? 0 : at + step))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return true;
}
