import { isOutdated, liveSince, liveState } from '../api/live.ts';
import { useQuery } from '../api/query.ts';
import type { ForMe } from '../api/shapes.ts';
import { isHelpOpen } from '../keys.ts';
import { go, route } from '../navigation.ts';
import { address, incidentPath } from '../routes.ts';
import { me, signOut } from '../session.ts';
import { keys, theme, zone } from '../settings.ts';
import { Icon } from './icon.tsx';
import { Menu } from './menu.tsx';
import { When } from './when.tsx';

const pages: readonly [path: string, name: string, of: readonly string[]][] = [
  ['/incidents', 'Incidents', ['incidents', 'incident']],
  ['/runs', 'Runs', ['runs', 'run']],
  ['/approvals', 'Approvals', ['approvals']],
  ['/triggers', 'Triggers', ['triggers', 'trigger', 'events', 'event']],
  ['/connections', 'Connections', ['connections']],
  ['/record', 'Record', ['record']],
];
const morePages: typeof pages = [
  ['/events', 'Events', ['events']],
  ['/changes', 'Guards and kill switch', ['changes']],
  ['/numbers', 'Numbers', ['numbers']],
  ['/people', 'People and tokens', ['people']],
];
/** Only where something is simulated. */
const simulatorPage: typeof pages = [['/simulator', 'Simulator', ['simulator']]];

/** How much waits for whoever looks; undefined while that is not known. */
export function useWaitingCount(): number | undefined {
  const waiting = useQuery<{ items: ForMe[] }>('/me/waiting', ({ action }) =>
    /^(approval|question)\./.test(action),
  );
  return waiting.data.value?.items.length;
}

export function Header() {
  const waiting = useWaitingCount();
  const links = (list: typeof pages) =>
    list.map(([path, name, of]) => (
      <a key={path} href={path} aria-current={of.includes(route.value.page) ? 'page' : undefined}>
        {name}
        {path === '/approvals' && waiting !== undefined && waiting > 0 && (
          <span class="count">
            {waiting}
            <span class="hidden-text"> wait for you</span>
          </span>
        )}
      </a>
    ));
  return (
    <header class="top">
      <a class="mark" href="/incidents" aria-label="Baton, incidents">
        <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <rect width="32" height="32" rx="7" />
          <path d="M9 23 23 9" />
        </svg>
        <span>Baton</span>
      </a>
      <nav aria-label="Pages" class="pages">
        {links(pages)}
      </nav>
      <div class="tools">
        <Find />
        <Live />
        <Menu
          label={`Menu${waiting ? `, ${waiting} wait for you` : ''}`}
          button={<MenuButton waiting={waiting} />}
        >
          <nav aria-label="More pages">
            <div class="only-narrow">{links(pages)}</div>
            {links(morePages)}
            {(me.value?.simulated?.length ?? 0) > 0 && links(simulatorPage)}
          </nav>
          <Settings />
        </Menu>
      </div>
    </header>
  );
}

const MenuButton = ({ waiting }: { waiting: number | undefined }) => (
  <>
    <Icon name="menu" />
    {waiting ? <span class="count only-narrow">{waiting}</span> : null}
  </>
);

/** Goes to an incident by its id or number, or looks for a part of a title. */
function Find() {
  const find = (event: Event) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem('q') as HTMLInputElement;
    const text = field.value.trim();
    if (text === '') return;
    field.blur();
    const isId = /^(?:[a-z0-9-]{1,40}\/)?[A-Z0-9]{10,}$/.test(text);
    go(isId ? incidentPath(text) : address('/incidents', { q: text.replace(/^#/, ''), status: 'any' }));
    field.value = '';
  };
  return (
    <form class="find" onSubmit={find}>
      <Icon name="search" size={14} />
      <input
        id="find"
        name="q"
        type="search"
        placeholder="Find"
        aria-label="Find an incident by title or id"
      />
      <span class="kbd" aria-hidden="true">
        /
      </span>
    </form>
  );
}

const words = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', offline: 'Offline' };

function Live() {
  const state = liveState.value;
  return (
    <span class={`live ${state}`} role="status">
      <i aria-hidden="true" />
      {words[state]}
      {state !== 'live' && liveSince.value !== undefined && (
        <span class="as-of">
          , as of <When at={liveSince.value} only="absolute" />
        </span>
      )}
    </span>
  );
}

function Choice<Value extends string>({
  name,
  setting,
  values,
}: {
  name: string;
  setting: { value: Value };
  values: readonly [Value, string][];
}) {
  return (
    <fieldset class="choice">
      <legend>{name}</legend>
      {values.map(([value, word]) => (
        <button
          key={value}
          type="button"
          class="button"
          aria-pressed={setting.value === value}
          onClick={(event) => {
            event.stopPropagation();
            setting.value = value;
          }}
        >
          {word}
        </button>
      ))}
    </fieldset>
  );
}

function Settings() {
  const who = me.value;
  return (
    <div class="settings">
      <Choice
        name="Theme"
        setting={theme}
        values={[
          ['system', 'System'],
          ['light', 'Light'],
          ['dark', 'Dark'],
        ]}
      />
      <Choice
        name="Times"
        setting={zone}
        values={[
          ['UTC', 'UTC'],
          ['local', 'Local'],
        ]}
      />
      <Choice
        name="Single keys"
        setting={keys}
        values={[
          ['on', 'On'],
          ['off', 'Off'],
        ]}
      />
      <button
        type="button"
        class="button quiet"
        onClick={() => {
          isHelpOpen.value = true;
        }}
      >
        Keys{' '}
        <span class="kbd" aria-hidden="true">
          ?
        </span>
      </button>
      <a href="/openapi.json" class="button quiet">
        API
      </a>
      {who && (
        <p class="who">
          <Icon name="person" size={14} />
          <span class="wrap">
            {who.name}, <strong>{who.role}</strong>
          </span>
          <button type="button" class="button" onClick={() => void signOut()}>
            Sign out
          </button>
        </p>
      )}
    </div>
  );
}

/** That this page is older than the server. */
export function Outdated() {
  if (!isOutdated.value) return null;
  return (
    <p class="bar blue">
      The server has a newer console.{' '}
      <button type="button" class="button" onClick={() => location.reload()}>
        Reload
      </button>
    </p>
  );
}
