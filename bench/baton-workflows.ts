export { batonFlow } from './baton-flow.ts';
