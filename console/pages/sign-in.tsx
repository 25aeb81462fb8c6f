import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { problemOf, request } from '../api/ask.ts';
import { route } from '../navigation.ts';
import { address } from '../routes.ts';
import { findOutWho, me } from '../session.ts';

const ways = signal<{ provider: boolean } | undefined>(undefined);
const problem = signal<string | undefined>(undefined);
const isSending = signal(false);

/** The code of a one-time link stands behind the #. It is taken out of the address before anything else is done. */
async function signInBy(code: string): Promise<void> {
  isSending.value = true;
  try {
    await request('POST', '/sign-in/link', { code });
    location.replace('/incidents');
  } catch (error) {
    problem.value = problemOf(error).message;
    isSending.value = false;
  }
}

export function SignInPage() {
  useEffect(() => {
    const code = location.hash.slice(1);
    if (location.pathname === '/sign-in/link' && code !== '') {
      history.replaceState({}, '', '/sign-in');
      void signInBy(code);
    } else if (route.value.page === 'sign-in') void findOutWho().then(toStart);
    request<{ provider: boolean }>('GET', '/sign-in/ways')
      .then((answer) => {
        ways.value = answer;
      })
      .catch(() => undefined);
    document.title = 'Sign in · Baton';
  }, []);
  const back = route.value.page === 'sign-in' ? '/incidents' : `${location.pathname}${location.search}`;
  return (
    <main class="sign-in">
      <svg width="40" height="40" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="7" />
        <path d="M9 23 23 9" />
      </svg>
      <h1>Sign in to Baton</h1>
      {problem.value && (
        <p role="alert" class="problem">
          {problem.value}
        </p>
      )}
      {isSending.value ? (
        <p role="status">Signing in…</p>
      ) : (
        <>
          {ways.value?.provider && (
            <a class="button primary" href={address('/sign-in', { to: back })} target="_self">
              Sign in
            </a>
          )}
          <div class="stack-small">
            <p>
              {ways.value?.provider ? 'Or with' : 'With'} a one-time link, on the machine where Baton runs:
            </p>
            <pre>
              <code>npx baton sign-in</code>
            </pre>
            <p class="soft small">
              It prints a link that signs you in once, within 15 minutes. npm start prints one too.
            </p>
          </div>
        </>
      )}
    </main>
  );
}

function toStart(): void {
  if (me.value && route.value.page === 'sign-in') location.replace('/incidents');
}
