import type { Express, Request } from 'express';
import type { Act, Simulation } from './simulator.ts';

export interface HttpWorld {
  /** What is at a path: answered to GET. */
  resources: Record<string, { status?: number; headers?: Record<string, string>; body: string }>;
  /** Whether a request with a known `Idempotency-Key` is taken once. */
  knowsKeys: boolean;
  keys: string[];
}

/** A service of the team's own, as a hook or a health check calls it. It takes each request that is to change something. */
export function httpSimulation(): Simulation<HttpWorld> {
  return {
    provider: 'http',
    world: {
      resources: {
        '/healthz': { headers: { 'content-type': 'application/json' }, body: '{"status":"ok"}' },
      },
      knowsKeys: true,
      keys: [],
    },
    routes: mount,
    errorBody: (status) => ({ error: `An ordered error ${status}` }),
  };
}

/** The settings with which Baton may call the simulator at `url`. */
export const httpEnvironment = (url: string): Record<string, string> => ({
  HTTP_ALLOWED_HOSTS: new URL(url).host,
});

function mount(app: Express, world: HttpWorld, act: Act): void {
  app.use((request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      const { status = 200, headers = {}, body } = world.resources[request.path] ?? { status: 404, body: '' };
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      return void response.status(status).send(body);
    }
    const key = request.headers['idempotency-key'];
    if (typeof key === 'string' && world.knowsKeys && world.keys.includes(key))
      return void response.json({ taken: false });
    take(request, key);
    return void response.json({ taken: true });
  });

  function take(request: Request, key: string | string[] | undefined) {
    if (typeof key === 'string') world.keys.push(key);
    act({
      effect: 'request taken',
      target: `${request.method} ${request.path}`,
      ...(typeof key === 'string' ? { key } : {}),
      detail: Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '',
    });
  }
}
