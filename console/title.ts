import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export const pageTitle = signal('Baton');

/** What the page is called, in the tab and in the history. */
export function useTitle(title: string): void {
  useEffect(() => {
    pageTitle.value = title;
  }, [title]);
}
