import type { Drill } from './drill.ts';
import { ec2Restart } from './ec2-restart.ts';

/** Every drill. One with a schedule is run by it, and any can be run at once: baton runs start drill name=ec2-restart. */
export const drills: readonly Drill[] = [ec2Restart];
