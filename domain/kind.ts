/** Kinds of activities that change something: `change` is harmless or reversible; `destructive` is neither. */
export const changeKinds = ['change', 'destructive'] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** Kinds of activities: a `read` is repeated freely. */
export const kinds = ['read', ...changeKinds] as const;
export type Kind = (typeof kinds)[number];
