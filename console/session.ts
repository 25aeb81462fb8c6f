import { computed, signal } from '@preact/signals';
import { problemOf, read, request, signedOut } from './api/ask.ts';
import type { Me } from './api/shapes.ts';

/** Who is signed in: undefined while that is not known, null where nobody is. */
export const me = signal<Me | null | undefined>(undefined);
/** Why it is not known. */
export const meProblem = signal<string | undefined>(undefined);

signedOut.tell = () => {
  me.value = null;
};

export async function findOutWho(): Promise<void> {
  try {
    me.value = await read<Me>('/me');
    meProblem.value = undefined;
  } catch (error) {
    if (me.value === null) return;
    meProblem.value = problemOf(error).message;
    setTimeout(() => void findOutWho(), 2_000);
  }
}

export async function signOut(): Promise<void> {
  await request('POST', '/sign-out', {});
  me.value = null;
}

const mine = computed(() => new Set(me.value?.rights ?? []));

/** Whether somebody has a right, as the server says; else in words why not. */
export const can = (right: string): true | string =>
  me.value?.can?.[right] ??
  (mine.value.has(right)
    ? true
    : `It needs the right ${right}, and you are ${me.value?.role ?? 'not signed in'}. An admin can change that (baton access tells who may what).`);
