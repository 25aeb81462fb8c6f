import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { problemOf } from '../api/ask.ts';
import { announce } from './announce.ts';
import { Icon } from './icon.tsx';

type State =
  | { is: 'idle' }
  | { is: 'sending' }
  | { is: 'done'; said: string }
  | { is: 'refused'; why: string };

/** Something that changes the world: it is sent, and then the server has said that it is done, or why not. Nothing looks done before. */
export interface Action {
  state: { value: State };
  /** It is on its way or done, and so not to be sent again. */
  readonly isSent: boolean;
  /** `said` words what the server has answered. */
  run<Answer>(send: () => Promise<Answer>, said: (answer: Answer) => string): Promise<Answer | undefined>;
}

export function useAction(): Action {
  return useMemo(() => {
    const state = signal<State>({ is: 'idle' });
    return {
      state,
      get isSent() {
        return state.value.is === 'sending' || state.value.is === 'done';
      },
      async run(send, said) {
        if (state.value.is === 'sending') return undefined;
        state.value = { is: 'sending' };
        try {
          const answer = await send();
          const words = said(answer);
          state.value = { is: 'done', said: words };
          announce(words);
          return answer;
        } catch (error) {
          const { status, message } = problemOf(error);
          // Without an answer nobody has refused it.
          const why = status === 0 ? message : `Refused: ${message}`;
          state.value = { is: 'refused', why };
          announce(why);
          return undefined;
        }
      },
    };
  }, []);
}

/** How an action stands, beside its button. */
export function ActionState({ action }: { action: Action }) {
  const state = action.state.value;
  if (state.is === 'idle') return null;
  if (state.is === 'sending') return <p class="action-state soft">Sending…</p>;
  return state.is === 'done' ? (
    <p class="action-state done">
      <Icon name="check" size={14} /> {state.said}
    </p>
  ) : (
    <p class="action-state refused">
      <Icon name="cross" size={14} /> {state.why}
    </p>
  );
}

/** A button for something that may not be allowed: then it says why not, and stays reachable so that this can be read. */
export function Do({
  children,
  can,
  onClick,
  look = '',
  isBusy = false,
  shortcut,
}: {
  children: ComponentChildren;
  /** Left out: nobody has said that it is not allowed, and the server decides. */
  can?: true | string | undefined;
  onClick: () => void;
  look?: 'primary' | 'danger' | 'needs' | 'quiet' | '';
  isBusy?: boolean;
  shortcut?: string;
}) {
  const why = typeof can === 'string' ? can : undefined;
  return (
    <button
      type="button"
      class={`button ${look}`}
      aria-disabled={why !== undefined || isBusy}
      aria-keyshortcuts={shortcut}
      title={why}
      onClick={() => {
        if (why === undefined && !isBusy) onClick();
        else if (why) announce(why);
      }}
    >
      {children}
      {shortcut && (
        <span class="kbd" aria-hidden="true">
          {shortcut}
        </span>
      )}
      {why && <span class="hidden-text">: not possible. {why}</span>}
    </button>
  );
}

/** Why an action is not possible, in sight of it. */
export const WhyNot = ({ can }: { can: true | string | undefined }) =>
  typeof can === 'string' ? (
    <p class="soft small why-not">
      <Icon name="lock" size={12} /> {can}
    </p>
  ) : null;
