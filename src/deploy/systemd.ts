/** Pure: units for a machine with systemd: the service, its socket, and a backup each night. */
import type { DeployFacts, DeployFile, DeployPlan } from "./model.js";
import { graceSeconds, seconds, startSeconds } from "./seconds.js";

const FOLDER = "deploy/systemd";

const home = (label: string): string => `/srv/${label}`;
const program = (label: string): string => `${home(label)}/node_modules/.bin/supervise`;

/** What both services may do: their own folders, the network, and nothing else of the machine. */
const hardening = (writable: readonly string[]): string => `NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=${writable.map((path) => `-${path}`).join(" ")}
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0027
# Not MemoryDenyWriteExecute: V8 compiles at run time.`;

function service(facts: DeployFacts): string {
  const { label } = facts;
  const folder = home(label);
  return `# ${facts.project}, written by \`supervise deploy systemd\`. It is yours from here on.
# The application is in ${folder}, owned by root; the user ${label} may write its uploads and .dazzle only.
[Unit]
Description=${facts.project}
Documentation=man:systemd.service(5)
Requires=${label}.socket
After=${label}.socket network-online.target postgresql.service
Wants=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
# The message comes from a helper of the supervisor, not from the supervisor itself.
NotifyAccess=all
WatchdogSec=30s
User=${label}
Group=${label}
WorkingDirectory=${folder}
Environment=DAZZLE_ENV=${facts.env} NODE_ENV=production
Environment=PATH=/usr/local/bin:/usr/bin:/bin
# DATABASE_URL=postgresql://... ; mode 0600, owned by root.
EnvironmentFile=/etc/${label}.env
# As root, before: the one folder that the service makes for itself.
ExecStartPre=+/usr/bin/install -d -o ${label} -g ${label} -m 0700 ${folder}/.dazzle
ExecStart=${program(label)} serve --control-port ${facts.controlPort}
# Waits until the new workers serve, and fails when the reload was abandoned.
ExecReload=${program(label)} reload
# The supervisor alone gets the TERM, and drains its workers.
KillMode=mixed
# The wait for the migration lock and the workers' boot.
TimeoutStartSec=${startSeconds(facts)}
# Above shutdown_delay (${seconds(facts.shutdownDelayMs)} s) and drain_timeout (${seconds(facts.drainMs)} s) together.
TimeoutStopSec=${graceSeconds(facts)}
Restart=on-failure
RestartSec=2
# A wrong configuration or input does not heal by itself.
RestartPreventExitStatus=64 65 66 78
# A worker that runs out of memory is the supervisor's to replace.
OOMPolicy=continue
LimitNOFILE=65536
${hardening([`${folder}/.dazzle`, `${folder}/${facts.uploads}`])}

[Install]
WantedBy=multi-user.target
`;
}

const socket = ({
  project,
  port,
}: DeployFacts): string => `# systemd listens, and hands over: connections wait in the queue while the service is restarted.
[Unit]
Description=Socket of ${project}

[Socket]
ListenStream=${port}
Backlog=4096
NoDelay=yes

[Install]
WantedBy=sockets.target
`;

function backupService(facts: DeployFacts): string {
  const { label, keep } = facts;
  const backups = `/var/backups/${label}`;
  return `[Unit]
Description=Backup of ${facts.project}
After=postgresql.service

[Service]
Type=oneshot
User=${label}
Group=${label}
WorkingDirectory=${home(label)}
Environment=DAZZLE_ENV=${facts.env}
Environment=DAZZLE_BACKUP_DIR=${backups}
Environment=PATH=/usr/local/bin:/usr/bin:/bin
EnvironmentFile=/etc/${label}.env
ExecStartPre=+/usr/bin/install -d -o ${label} -g ${label} -m 0700 ${backups}
ExecStart=${program(label)} backup create
# The newest ${keep} are kept.
ExecStart=${program(label)} backup prune --keep ${keep}
Nice=10
IOSchedulingClass=idle
${hardening([backups, `${home(label)}/.dazzle`])}
`;
}

const backupTimer = ({ project }: DeployFacts): string => `[Unit]
Description=Backup of ${project} each night

[Timer]
OnCalendar=*-*-* 03:17:00
RandomizedDelaySec=10m
# One that was missed while the machine was off is made when it is on again.
Persistent=yes

[Install]
WantedBy=timers.target
`;

export function systemd(facts: DeployFacts): DeployPlan {
  const { label } = facts;
  const file = (name: string, text: string): DeployFile => ({ path: `${FOLDER}/${name}`, text });
  return {
    files: [
      file(`${label}.service`, service(facts)),
      file(`${label}.socket`, socket(facts)),
      file(`${label}-backup.service`, backupService(facts)),
      file(`${label}-backup.timer`, backupTimer(facts)),
    ],
    notes: [
      `the units expect the application in ${home(label)} with its packages (npm ci --omit=dev), Node.js in /usr/bin or /usr/local/bin, and DATABASE_URL in /etc/${label}.env`,
      ...(facts.hasUploads
        ? [`${home(label)}/${facts.uploads} has to belong to the user ${label}`]
        : []),
      ...(facts.revisions === null
        ? []
        : ["pending revisions keep the service from starting: run supervise db upgrade before it"]),
    ],
    next: [
      `useradd --system --home-dir ${home(label)} --shell /usr/sbin/nologin ${label}`,
      `install -m 0600 /dev/null /etc/${label}.env`,
      `install -m 0644 ${FOLDER}/${label}* /etc/systemd/system/`,
      "systemctl daemon-reload",
      `systemctl enable --now ${label}.socket ${label}.service ${label}-backup.timer`,
    ],
  };
}
