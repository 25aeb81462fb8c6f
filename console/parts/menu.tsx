import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A native popover under its button. */
export function Menu({
  label,
  button,
  look = 'quiet',
  children,
}: {
  label: string;
  button: ComponentChildren;
  look?: string;
  children: ComponentChildren;
}) {
  const id = useId();
  const place = (event: Event) => {
    const list = event.currentTarget as HTMLElement;
    const opener = document.querySelector(`[popovertarget="${CSS.escape(id)}"]`)?.getBoundingClientRect();
    if (!opener) return;
    list.style.top = `${opener.bottom + 4}px`;
    list.style.right = `${Math.max(8, document.documentElement.clientWidth - opener.right)}px`;
  };
  return (
    <>
      <button type="button" class={`button ${look}`} popovertarget={id} aria-label={label}>
        {button}
      </button>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: a press on what it holds closes it, and that is reached by keys. */}
      <div
        id={id}
        popover="auto"
        class="menu"
        onToggle={place}
        onBeforeToggle={place}
        onClick={(event) => {
          if ((event.target as Element).closest('a, button'))
            (event.currentTarget as HTMLElement).hidePopover();
        }}
      >
        {children}
      </div>
    </>
  );
}
