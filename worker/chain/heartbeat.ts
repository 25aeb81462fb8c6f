import { Context } from '@temporalio/activity';
import type { AnyLink } from './call.ts';

const heartbeatMilliseconds = 400;

/** Heartbeats let the server notice a dead worker early, and bring a cancellation to the attempt. */
export const withHeartbeat: AnyLink = async (call, next) => {
  const context = Context.current();
  if (context.info.isLocal) return next(call);
  const timer = setInterval(() => context.heartbeat(), heartbeatMilliseconds);
  try {
    return await next(call);
  } finally {
    clearInterval(timer);
  }
};
