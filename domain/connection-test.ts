/** With this begins what is sent to test a connection. People are to ignore it, and triggers do. */
export const testMark = 'Baton test, please ignore';

/** Whether an event's data is an incident that a test of a connection has raised. */
export function isConnectionTest(data: unknown): boolean {
  const { title } = (data ?? {}) as { title?: unknown };
  return typeof title === 'string' && title.startsWith(testMark);
}
