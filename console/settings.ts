import { effect, signal } from '@preact/signals';

/** What somebody has chosen in this browser. Nothing of it leaves it. */
function kept<Value extends string>(name: string, values: readonly Value[], usual: Value) {
  const key = `baton.${name}`;
  const found = values.find((value) => value === readKept(key));
  const setting = signal<Value>(found ?? usual);
  effect(() => {
    const { value } = setting;
    try {
      localStorage.setItem(key, value);
    } catch {
      // It then lasts as long as the page.
    }
  });
  return setting;
}

function readKept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export const theme = kept('theme', ['system', 'light', 'dark'], 'system');
export const zone = kept('zone', ['UTC', 'local'], 'UTC');
/** Single characters act as keys. They can be switched off for those who speak to their computer (WCAG 2.1.4). */
export const keys = kept('keys', ['on', 'off'], 'on');

effect(() => {
  const root = document.documentElement;
  if (theme.value === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme.value;
});
