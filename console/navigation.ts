import { computed, signal } from '@preact/signals';
import { routeOf } from './routes.ts';

const read = () => ({ path: location.pathname, search: location.search });
const here = signal(read());

const path = computed(() => here.value.path);
/** The same as long as the path is, whatever is chosen on the page. */
export const route = computed(() => routeOf(path.value));
export const query = computed(() => new URLSearchParams(here.value.search));

/** Changes with each new page, and not with what is chosen on one. */
export const pageCount = signal(0);

/** Goes to another page. */
export function go(to: string): void {
  history.replaceState({ ...history.state, scroll: scrollY }, '');
  history.pushState({}, '', to);
  here.value = read();
  pageCount.value += 1;
  scrollTo(0, 0);
}

/** Says in the address what is chosen here, so that it can be sent to others. An empty value goes. */
export function choose(values: Readonly<Record<string, string | undefined>>): void {
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values))
    if (value) next.set(name, value);
    else next.delete(name);
  const text = next.toString();
  history.replaceState(history.state, '', `${location.pathname}${text === '' ? '' : `?${text}`}`);
  here.value = read();
}

/** The same at another address of the same page. */
export function replace(to: string): void {
  history.replaceState(history.state, '', to);
  here.value = read();
}

/** Links within the console load no page. What opens elsewhere, or is downloaded, is the browser's. */
export function followLinks(): void {
  history.scrollRestoration = 'manual';
  addEventListener('popstate', (event) => {
    here.value = read();
    pageCount.value += 1;
    const { scroll } = (event.state ?? {}) as { scroll?: number };
    // Once the page stands again.
    setTimeout(() => scrollTo(0, scroll ?? 0), 60);
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    if (/^\/(api|openapi\.json)/.test(link.pathname)) return;
    event.preventDefault();
    go(`${link.pathname}${link.search}`);
  });
}
