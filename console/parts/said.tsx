import { safeLink, visible } from '../text.ts';
import { Icon } from './icon.tsx';

/** What somebody outside has written: text, whatever it looks like. */
export const Said = ({ text, class: name = '' }: { text: string | undefined; class?: string }) => (
  <bdi class={`wrap ${name}`}>{text === undefined || text === '' ? '–' : visible(text)}</bdi>
);

/** A link out of the console, where it is one that leads somewhere. */
export function Out({ to, text }: { to: string | undefined; text: string }) {
  const url = safeLink(to);
  if (url === undefined) return <Said text={text} />;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" class="out">
      <Said text={text} />
      <span class="hidden-text"> (opens another page)</span>
    </a>
  );
}

/** What is longer is copied whole, and shown so far. */
const longestCode = 60_000;

/** A piece of code or data, with a way to copy it. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div class="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys. */}
      <section tabIndex={0} aria-label={label}>
        <pre>{visible(text).slice(0, longestCode)}</pre>
      </section>
      <Copy text={text} label={`Copy ${label}`} />
    </div>
  );
}

/** Copies a text, and says so. */
export function Copy({
  text,
  label,
  isWord = false,
}: {
  /** What is long is made once it is wanted. */
  text: string | (() => string);
  label: string;
  isWord?: boolean;
}) {
  const copy = async (event: Event) => {
    const button = event.currentTarget as HTMLButtonElement;
    const said = button.querySelector('.said');
    const done = await navigator.clipboard.writeText(typeof text === 'string' ? text : text()).then(
      () => true,
      () => false,
    );
    if (said) said.textContent = done ? 'Copied' : 'The browser did not let it be copied';
    button.dataset.state = done ? 'done' : 'failed';
    setTimeout(() => {
      delete button.dataset.state;
      if (said) said.textContent = '';
    }, 2_000);
  };
  return (
    <button type="button" class="button quiet copy" onClick={copy} title={label}>
      <Icon name="copy" size={14} />
      {isWord ? <span>{label}</span> : <span class="hidden-text">{label}</span>}
      <span class="said" role="status" />
    </button>
  );
}
