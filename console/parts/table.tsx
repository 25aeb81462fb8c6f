import type { ComponentChildren } from 'preact';

/** A table whose rows stand below each other on a phone. The caption is for those who hear it. */
export function Table({
  caption,
  heads,
  hasActions = false,
  children,
}: {
  caption: string;
  heads: readonly string[];
  /** One more column, for buttons. */
  hasActions?: boolean;
  /** Its rows. */
  children: ComponentChildren;
}) {
  return (
    <table class="table">
      <caption class="hidden-text">{caption}</caption>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
          {hasActions && (
            <th scope="col">
              <span class="hidden-text">Action</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
