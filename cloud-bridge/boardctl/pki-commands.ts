/** `boardctl pki …`. */
import { X509Certificate } from 'node:crypto';
import type { Command } from 'commander';
import { hasAuthority } from '../trust/authority-file.ts';
import { loadOrCreateAuthority } from '../trust/index.ts';
import { usage } from './exit.ts';
import { table } from './output.ts';
import type { CommandContext } from './program.ts';

export function addPkiCommands(program: Command, context: CommandContext): void {
  program
    .command('pki')
    .description("the bridge's certificate authority")
    .command('show')
    .description('subject, hash (as join tokens carry it) and end of the CA; never its key')
    .requiredOption('--pki <folder>', 'the folder that holds it')
    .addHelpText('after', '\nExample:\n  boardctl pki show --pki /var/lib/boardlet/pki')
    .action(({ pki }: { pki: string }) => show(context, pki));
}

async function show(context: CommandContext, dir: string): Promise<void> {
  if (!hasAuthority(dir)) throw usage(`--pki: there is no CA in ${dir}`);
  const authority = await loadOrCreateAuthority(dir, { now: context.host.now });
  const certificate = authority.caPem();
  const { subject, validTo, subjectAltName = '' } = new X509Certificate(certificate);
  const notAfter = new Date(validTo).toISOString();
  const trustDomain = subjectAltName.replace(/^URI:/, '');
  const shown = { subject, trustDomain, hash: authority.caHash(), notAfter, certificate };
  context.output().show(shown, () =>
    table([
      ['Subject:', subject],
      ['Trust domain:', trustDomain],
      ['SHA-256:', shown.hash],
      ['Ends:', notAfter],
    ]),
  );
}
