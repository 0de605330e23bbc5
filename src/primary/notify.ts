/**
 * Tells the service manager how it goes (sd_notify): READY, RELOADING, STOPPING, WATCHDOG. The
 * protocol is a datagram to a unix socket, which Node can't send, so a short-lived helper sends it: perl, or
 * systemd's own tool. The unit needs `NotifyAccess=all`, because the helper is not the main process.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Logger, LogEvent } from "../log/logger.js";

export interface Notifier {
  /** Says what an event of the supervisor means to the service manager. */
  note(event: LogEvent): void;
  close(): void;
}

const PERL = "/usr/bin/perl";
// An "@" in front stands for the zero byte of Linux' abstract sockets.
const PERL_SEND = `
use Socket; my $path = shift; $path =~ s/^@/\\0/;
socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or exit 1;
send($s, join("\\n", @ARGV), 0, pack_sockaddr_un($path)) or exit 1;
`;
const TOOLS = ["/usr/bin/systemd-notify", "/bin/systemd-notify"];

const MONOTONIC = (): string => `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`;

const MEANING: Partial<Record<LogEvent, () => readonly string[]>> = {
  "supervisor.ready": () => ["READY=1", "STATUS=ready"],
  "reload.started": () => ["RELOADING=1", MONOTONIC(), "STATUS=reloading"],
  "reload.done": () => ["READY=1", "STATUS=ready"],
  "reload.abandoned": () => ["READY=1", "STATUS=ready, the last reload was abandoned"],
  "supervisor.draining": () => ["STOPPING=1", "STATUS=stopping"],
};

const SILENT: Notifier = { note: () => undefined, close: () => undefined };

/** Takes the variables out of `env`, so that no worker speaks for the service. */
export function createNotifier(env: NodeJS.ProcessEnv, log: Logger): Notifier {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = env;
  delete env["NOTIFY_SOCKET"];
  delete env["WATCHDOG_USEC"];
  delete env["WATCHDOG_PID"];
  if (socket === undefined || socket === "") return SILENT;
  const command = commandFor(socket);
  if (command === null) {
    log.warn("NOTIFY_SOCKET is set, but neither perl nor systemd-notify is there to use it");
    return SILENT;
  }
  const send = (lines: readonly string[]): void => {
    const child = spawn(command.file, [...command.args, ...lines], {
      stdio: "ignore",
      env: { ...env, NOTIFY_SOCKET: socket },
    });
    child.once("error", (error) => log.warn("the service manager can't be told", { error }));
  };
  const watchdog =
    usec !== undefined && (pid === undefined || Number(pid) === process.pid)
      ? setInterval(() => send(["WATCHDOG=1"]), Number(usec) / 2_000)
      : undefined;
  return {
    note: (event) => {
      const lines = MEANING[event]?.();
      if (lines !== undefined) send(lines);
    },
    close: () => clearInterval(watchdog),
  };
}

function commandFor(socket: string): { file: string; args: readonly string[] } | null {
  if (existsSync(PERL)) return { file: PERL, args: ["-e", PERL_SEND, socket] };
  const tool = TOOLS.find((path) => existsSync(path));
  return tool === undefined ? null : { file: tool, args: ["--no-block"] };
}
