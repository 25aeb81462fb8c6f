import { AsyncLocalStorage } from 'node:async_hooks';

const urgency = new AsyncLocalStorage<true>();

/** Whatever waits for its turn in the course of this work goes before others. */
export const urgently = <Result>(work: () => Result): Result => urgency.run(true, work);

/** Whether what asks now does so for an urgent incident. */
export const isUrgent = (): boolean => urgency.getStore() === true;
