import type { Express } from 'express';

/** Each request to the app waits for so long before it is looked at, as real providers take their time. */
export function takeTime(app: Express, milliseconds: number): void {
  app.use((_, __, next) => void setTimeout(next, milliseconds).unref());
}
