import type { Express, Request, Response } from 'express';

/** How many requests of one kind a provider takes in a while. */
export interface Limit {
  /** What they are counted under; undefined: the limit does not concern this request. */
  of(request: Request): string | undefined;
  most: number;
  seconds: number;
  /** Told with each answer: what is left, and in how many seconds there is room again. */
  tell?(response: Response, left: number, resetSeconds: number): void;
  refuse(response: Response, waitSeconds: number): void;
}

/** Refuses what is more than the limits. `timeScale`: so many seconds of theirs pass in one of ours. */
export function keepTo(app: Express, limits: readonly Limit[], timeScale: number): void {
  const taken = new Map<string, number[]>();
  app.use((request, response, next) => {
    for (const [index, { of, most, seconds, tell, refuse }] of limits.entries()) {
      const name = of(request);
      if (name === undefined) continue;
      const windowMs = (seconds * 1000) / timeScale;
      const now = performance.now();
      const recent = (taken.get(`${index} ${name}`) ?? []).filter((at) => at > now - windowMs);
      taken.set(`${index} ${name}`, recent);
      const waitSeconds = Math.ceil(((recent[0] ?? now) + windowMs - now) / 1000);
      tell?.(response, Math.max(0, most - recent.length - 1), waitSeconds);
      if (recent.length >= most) return refuse(response, waitSeconds);
      recent.push(now);
    }
    next();
  });
}
