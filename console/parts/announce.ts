/** What a screen reader is told without being moved. One thing each few seconds: a storm would else be all that is heard. */
const apartMs = 5_000;
let last = 0;
let waiting: string | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

export function announce(text: string): void {
  waiting = text;
  if (timer === undefined) timer = setTimeout(say, Math.max(0, last + apartMs - Date.now()));
}

function say(): void {
  timer = undefined;
  last = Date.now();
  const place = document.getElementById('announcements');
  if (place && waiting !== undefined) place.textContent = waiting;
  waiting = undefined;
}
