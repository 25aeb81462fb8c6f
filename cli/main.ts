import { Command, CommanderError } from 'commander';
import { batonVersion } from '../domain/version.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import { checkedTriggers } from '../processes/known-activities.ts';
import type { Wiring } from '../processes/wiring.ts';
import { addAccessCommand, addAdminTokenCommand } from './access.ts';
import { addApprovalCommands } from './approvals.ts';
import { addAuditCommands } from './audit.ts';
import { addBacktestCommand } from './backtest.ts';
import { addBundleCommand } from './bundle.ts';
import { addCatalogueCommands } from './catalogue.ts';
import { addConfigCommand } from './config.ts';
import { addConnectionCommands } from './connections.ts';
import { addDemoCommand } from './demo.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEventCommands } from './events.ts';
import { addIncidentCommands } from './incidents.ts';
import { addLookCommand } from './look.ts';
import { addMigrateCommand } from './migrate.ts';
import { addOperationCommands } from './operation-commands.ts';
import { addPlanCommand } from './plan.ts';
import { addQuestionCommands } from './questions.ts';
import { addRecordCommands } from './record.ts';
import { addRunCommands } from './runs.ts';
import { addProcessCommands } from './serve.ts';
import { addSetupCommands } from './setup.ts';
import { addSignInCommand } from './sign-in.ts';
import { addStatusCommand } from './status.ts';
import { addStoreCommands } from './store-size.ts';
import { addTextCommands } from './texts.ts';
import { addTimelineCommand } from './timeline.ts';
import { addTriggerCommands } from './triggers.ts';
import { addUndoCommand } from './undo.ts';
import { addWhyCommand } from './why.ts';

/**
 * Runs one command and returns its exit code: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not allowed, 5 conflict, 8 timed
 * out, 130 interrupted. Data goes to stdout, words to stderr.
 */
export async function runCli(given: Wiring): Promise<number> {
  const wiring: Wiring = { ...given, loadTriggers: () => checkedTriggers(given) };
  const program = new Command('baton')
    .description(
      'Runs the response to an incident: events meet triggers, triggers start workflows, workflows act.',
    )
    .version(batonVersion)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void wiring.streams.stdout.write(text),
      writeErr: (text) => void wiring.streams.stderr.write(text),
    })
    .showHelpAfterError('Try the same with --help.');
  addProcessCommands(program, wiring);
  addMigrateCommand(program, wiring);
  addDemoCommand(program, wiring);
  addLookCommand(program, wiring);
  addBacktestCommand(program, wiring);
  addDoctorCommand(program, wiring);
  addBundleCommand(program, wiring);
  addIncidentCommands(program, wiring);
  addWhyCommand(program, wiring);
  addTimelineCommand(program, wiring);
  addStatusCommand(program, wiring);
  addTextCommands(program, wiring);
  addRunCommands(program, wiring);
  addPlanCommand(program, wiring);
  addUndoCommand(program, wiring);
  addApprovalCommands(program, wiring);
  addQuestionCommands(program, wiring);
  addEventCommands(program, wiring);
  addTriggerCommands(program, wiring);
  addCatalogueCommands(program, wiring);
  addRecordCommands(program, wiring);
  addAuditCommands(program, wiring);
  addStoreCommands(program, wiring);
  await addSetupCommands(program, wiring);
  addConnectionCommands(program, wiring);
  addConfigCommand(program, wiring);
  addAccessCommand(program, wiring);
  addAdminTokenCommand(program, wiring);
  addSignInCommand(program, wiring);
  await addOperationCommands(program, wiring);
  try {
    await program.parseAsync(wiring.argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exits.usage;
    wiring.streams.stderr.write(`${await explain(error as Error, wiring)}\n`);
    return error instanceof CliFailure ? error.exit : exits.failed;
  }
}

/** What, why, what next. No stack: the words are for the person at the keyboard. */
async function explain(error: Error, { env, loadProviders }: Wiring): Promise<string> {
  const { makeScrubber } = await import('../secrets/scrub.ts');
  const { secretsOf } = await import('../processes/masking.ts');
  const known =
    error instanceof CliFailure ||
    ['DataFolderInUse', 'DataFolderUnsafe', 'StoreUnavailable'].includes(error.name);
  const lines = [`baton: ${known ? '' : `${error.name}: `}${error.message}`];
  if (error instanceof CliFailure) lines.push(error.why ?? '', error.next ?? '');
  return makeScrubber(secretsOf(env, await loadProviders()))(lines.filter((line) => line !== '').join('\n'));
}
