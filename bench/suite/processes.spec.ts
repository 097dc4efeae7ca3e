import { execPath } from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
import { Processes, ProgramMissingError } from './processes.js';

const READY = /^ready$/;
const SERVE = "process.stdout.write('ready\\n'); setInterval(() => {}, 1_000);";

function script(code: string) {
  return { program: execPath, args: ['-e', code], ready: READY };
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the processes of a run', () => {
  let processes = new Processes();

  afterEach(async () => {
    await processes.close();
    processes = new Processes();
  });

  it('are there when they have said so, and gone when they were stopped', async () => {
    const server = await processes.start(script(SERVE));
    expect([server.isRunning, isThere(server.pid)]).toEqual([true, true]);
    await processes.stop(server);
    expect([server.isRunning, isThere(server.pid)]).toEqual([false, false]);
  });

  it('end all together, also those that do not listen to a polite word', async () => {
    const deaf = await processes.start(script(`process.on('SIGTERM', () => {}); ${SERVE}`));
    const polite = await processes.start(script(SERVE));
    await processes.close();
    expect([deaf, polite].map(({ pid }) => isThere(pid))).toEqual([false, false]);
    await expect(processes.start(script(SERVE))).rejects.toThrow('the run is being ended');
  });

  it('fail to start with what they said when they end instead', async () => {
    const failing = processes.start(script("process.stderr.write('no such port\\n'); process.exit(1);"));
    await expect(failing).rejects.toThrow(/has ended:\nno such port/);
  });

  it('fail to start by name where a program is not installed', async () => {
    const missing = processes.start({ program: 'no-such-program-of-nestwire', args: [], ready: READY });
    await expect(missing).rejects.toBeInstanceOf(ProgramMissingError);
  });

  it('run to their end, within the time that they are given', async () => {
    const { program, args } = script(
      "process.stdout.write('out'); process.stderr.write('err'); process.exit(3);",
    );
    expect(await processes.run({ program, args }, 10_000)).toEqual({
      exitCode: 3,
      stdout: 'out',
      stderr: 'err',
    });
    expect(await processes.run(script(SERVE), 200)).toMatchObject({ exitCode: null });
  });

  it('know nothing of the variables that configure this process as a service', async () => {
    process.env['NESTWIRE_LISTEN'] = 'ws://127.0.0.1:1';
    try {
      const { program, args } = script('process.stdout.write(String(process.env.NESTWIRE_LISTEN))');
      expect(await processes.run({ program, args }, 10_000)).toMatchObject({ stdout: 'undefined' });
    } finally {
      delete process.env['NESTWIRE_LISTEN'];
    }
  });
});
