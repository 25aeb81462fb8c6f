import { Agent, type AgentOptions } from 'node:https';
import { proxyFor } from '../proxy.ts';

/**
 * Connections for the AWS SDK, which asks other hosts than EC2's, too, for credentials. Node's agent can speak with a proxy, but
 * reads `NO_PROXY` in its own way: which way to take is decided here, as for all providers.
 */
export class Connections extends Agent {
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv, options: AgentOptions) {
    super(options);
    this.#env = env;
  }

  override createConnection(...[options, callback]: Parameters<Agent['createConnection']>) {
    const { host, port } = options;
    const name = host?.includes(':') ? `[${host}]` : host;
    const proxy = proxyFor(`https://${name}:${port ?? 443}`, this.#env);
    if (!proxy) return super.createConnection(options, callback);
    return new Agent({ ...this.options, proxyEnv: { HTTPS_PROXY: proxy } }).createConnection(
      options,
      callback,
    );
  }
}
