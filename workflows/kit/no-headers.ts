/**
 * Where payloads are encrypted, a part of each run beside `run.ts`: what that puts into headers goes as the last argument instead, since
 * the SDK encodes no headers. The readers know both forms, so it is in the bundle or not, as the setting says, while runs live.
 */
import type { Headers } from '@temporalio/common';
import {
  defaultPayloadConverter,
  type WorkflowInterceptorsFactory,
  type WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import { carriedName, causeName, withLastArgument } from '../../domain/last-argument.ts';

function asArgument<Input extends { args: unknown[]; headers: Headers }>(input: Input, name: string): Input {
  const { [name]: payload, ...headers } = input.headers;
  if (!payload) return input;
  return {
    ...input,
    headers,
    args: withLastArgument(input.args, name, defaultPayloadConverter.fromPayload(payload)),
  };
}

/** The headers of local activities stay: they are called in the worker, and Temporal keeps nothing of them. */
const outbound: WorkflowOutboundCallsInterceptor = {
  scheduleActivity: (input, next) => next(asArgument(input, causeName)),
  continueAsNew: (input, next) => next(asArgument(input, carriedName)),
};

export const interceptors: WorkflowInterceptorsFactory = () => ({ outbound: [outbound] });
