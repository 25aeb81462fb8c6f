import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/**
 * A native dialog: it holds the focus, and Escape closes it. What is to be read stands first and takes the focus, so that Enter alone confirms
 * nothing.
 */
export function Dialog({
  title,
  onClose,
  children,
  isWide = false,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  isWide?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    ref.current?.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={ref} class={isWide ? 'wide' : ''} aria-label={title} onClose={onClose}>
      <header class="spread">
        <h2>{title}</h2>
        <button type="button" class="button quiet" onClick={() => ref.current?.close()}>
          Close
        </button>
      </header>
      <div class="stack">{children}</div>
    </dialog>
  );
}

/** What is acted on: it is read before anything can be confirmed. */
export const About = ({ children }: { children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the focus first, so that Enter alone confirms nothing.
  <div class="about" tabIndex={0} data-first>
    {children}
  </div>
);
