import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

const narrow = matchMedia('(max-width: 640px)');
/** One column: parts fold. */
export const isNarrow = signal(narrow.matches);
narrow.addEventListener('change', ({ matches }) => {
  isNarrow.value = matches;
});

/** A part of a page with its heading; on a phone one that folds. */
export function Panel({
  title,
  more,
  isOpen = false,
  children,
  id,
}: {
  title: ComponentChildren;
  /** Beside the title. */
  more?: ComponentChildren;
  /** On a phone: unfolded from the start. */
  isOpen?: boolean;
  children: ComponentChildren;
  id?: string;
}) {
  if (isNarrow.value)
    return (
      <details class="panel" open={isOpen} id={id}>
        <summary>
          <Icon name="right" size={14} />
          <h2>{title}</h2>
          {more}
        </summary>
        <div class="body">{children}</div>
      </details>
    );
  return (
    <section class="panel" id={id}>
      <header>
        <h2>{title}</h2>
        {more}
      </header>
      <div class="body">{children}</div>
    </section>
  );
}
