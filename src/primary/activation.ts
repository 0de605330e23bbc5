/** Socket activation: a listening socket that systemd opened and handed over as descriptor 3. */

/** The first descriptor that is handed over. Source: sd_listen_fds(3). */
const FIRST = 3;

/** The descriptor, or null. Takes the variables out of `env`: they are for this process alone. */
export function activatedSocket(env: NodeJS.ProcessEnv): number | null {
  const { LISTEN_FDS: count, LISTEN_PID: pid } = env;
  delete env["LISTEN_FDS"];
  delete env["LISTEN_PID"];
  delete env["LISTEN_FDNAMES"];
  const ours = pid === undefined || Number(pid) === process.pid;
  return ours && count !== undefined && Number(count) >= 1 ? FIRST : null;
}
