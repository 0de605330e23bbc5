/** Pure: Kubernetes manifests for `kubectl apply -k`, with nothing in them that is secret. */
import type { DeployFacts, DeployFile, DeployPlan } from "./model.js";
import { connectionsOf, graceSeconds, seconds, startSeconds, workersOf } from "./seconds.js";

const FOLDER = "deploy/kubernetes";
const REPLICAS = 2;
/** Endpoints are taken out of the load balancers while a pod gets its TERM: it goes on accepting meanwhile. */
const PRE_STOP_S = 5;
const MEBIBYTE = 1024 * 1024;
/** What a worker takes when no limit is set, and what the supervisor itself takes. */
const WORKER_MIB = 128;
const SUPERVISOR_MIB = 64;
/** How far above what is asked for a pod may grow when no limit is set for its workers. */
const HEADROOM = 3;
const PROBE_S = 10;

interface Needs {
  readonly cpu: string;
  readonly memory: string;
  readonly memoryLimit: string;
}

function needsOf(facts: DeployFacts): Needs {
  const workers = workersOf(facts);
  const limit = Math.ceil(facts.maxMemoryBytes / MEBIBYTE);
  const usual = workers * WORKER_MIB + SUPERVISOR_MIB;
  return {
    cpu: `${Math.max(250, workers * 250)}m`,
    memory: `${usual}Mi`,
    // One worker more: a reload starts the new one before the old one ends.
    memoryLimit:
      limit === 0
        ? `${usual * HEADROOM}Mi`
        : `${Math.max((workers + 1) * limit + SUPERVISOR_MIB, usual)}Mi`,
  };
}

const labels = (label: string): string => `app.kubernetes.io/name: ${label}`;

const SECURITY = `securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: ["ALL"]`;

const indent = (text: string, by: number): string => text.replaceAll("\n", `\n${" ".repeat(by)}`);

const environment = (facts: DeployFacts): string => `- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: ${facts.label}-database
      key: url
- name: DAZZLE_ENV
  value: ${facts.env}`;

/** Of a pod: an ordinary user, no token of the cluster, the usual system calls only. */
const POD_SECURITY = `automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault`;

function deployment(facts: DeployFacts): string {
  const { label, port, controlPort } = facts;
  const needs = needsOf(facts);
  const preStop = facts.shutdownDelayMs === 0 ? PRE_STOP_S : 0;
  const connections = connectionsOf(facts);
  return `# ${facts.project}, written by \`supervise deploy kubernetes\`. It is yours from here on.
#
# Migrations: every pod migrates when it starts, under a lock in PostgreSQL: one applies the safe changes,
# the others wait and find nothing to do. Pending revisions keep a pod from starting (exit status 78);
# run them before the rollout, with the new image: see migrate.yaml.
#
# Connections: ${facts.workers === "auto" ? "2 (auto)" : facts.workers} workers x pool.max ${facts.poolMax} + 1 = ${connections} a pod; ${REPLICAS} pods and one more during a rollout: ${(REPLICAS + 1) * connections}.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${label}
  labels:
    ${labels(label)}
spec:
  replicas: ${REPLICAS}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      ${labels(label)}
  template:
    metadata:
      labels:
        ${labels(label)}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "${controlPort}"
        prometheus.io/path: /metrics
    spec:
      ${indent(POD_SECURITY, 6)}
      # Above ${preStop > 0 ? `preStop (${preStop} s)` : `shutdown_delay (${seconds(facts.shutdownDelayMs)} s)`} and drain_timeout (${seconds(facts.drainMs)} s) together.
      terminationGracePeriodSeconds: ${graceSeconds(facts, preStop)}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              ${labels(label)}
      containers:
        - name: app
          image: ${label}
          ports:
            - name: http
              containerPort: ${port}
            - name: control
              containerPort: ${controlPort}
          env:
            ${indent(environment(facts), 12)}
            - name: PORT
              value: "${port}"
            # Probes come from outside the pod. What answers there holds no secrets and takes no commands.
            - name: DAZZLE_CONTROL_HOST
              value: 0.0.0.0
            - name: DAZZLE_CONTROL_PORT
              value: "${controlPort}"
          # As long as a start may take: the wait for the migration lock and the workers' boot.
          startupProbe:
            httpGet:
              path: /readyz
              port: control
            periodSeconds: 2
            failureThreshold: ${Math.ceil(startSeconds(facts) / 2)}
          readinessProbe:
            httpGet:
              path: /readyz
              port: control
            periodSeconds: ${PROBE_S / 2}
            failureThreshold: 2
          # The supervisor replaces its own stuck workers; this is for the supervisor itself.
          livenessProbe:
            httpGet:
              path: /livez
              port: control
            periodSeconds: ${PROBE_S}
            timeoutSeconds: 5
            failureThreshold: 3
${
  preStop === 0
    ? ""
    : `          # Load balancers hear of the end of a pod later than the pod does. \`shutdown_delay\` in
          # [supervisor] does the same and tells /readyz; with it, this can go.
          lifecycle:
            preStop:
              exec:
                command: ["sleep", "${preStop}"]
`
}          resources:
            requests:
              cpu: ${needs.cpu}
              memory: ${needs.memory}
            limits:
${facts.workers === "auto" ? `              # workers = "auto" counts these.\n              cpu: "1"\n` : ""}              memory: ${needs.memoryLimit}
          ${indent(SECURITY, 10)}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
${
  facts.hasUploads
    ? `            - name: uploads
              mountPath: /app/${facts.uploads}
`
    : ""
}      volumes:
        # The control socket is here: the image itself is read-only.
        - name: tmp
          emptyDir: {}
${
  facts.hasUploads
    ? `        - name: uploads
          persistentVolumeClaim:
            claimName: ${label}-uploads
`
    : ""
}`;
}

const service = ({ label }: DeployFacts): string => `apiVersion: v1
kind: Service
metadata:
  name: ${label}
  labels:
    ${labels(label)}
spec:
  selector:
    ${labels(label)}
  ports:
    - name: http
      port: 80
      targetPort: http
`;

const disruption = ({
  label,
}: DeployFacts): string => `# When a node is drained, one pod goes at a time.
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: ${label}
  labels:
    ${labels(label)}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      ${labels(label)}
`;

interface Run {
  readonly name: string;
  readonly command: readonly string[];
  readonly variables: readonly (readonly [name: string, value: string])[];
  readonly mounts: readonly (readonly [name: string, path: string, claim: string])[];
}

/** The pod of a job, indented for its place in a CronJob. */
function jobPod(facts: DeployFacts, { name: container, command, variables, mounts }: Run): string {
  const mounted = mounts.map(
    ([name, path]) => `            - name: ${name}\n              mountPath: ${path}\n`,
  );
  const claimed = mounts.map(
    ([name, , claim]) =>
      `        - name: ${name}\n          persistentVolumeClaim:\n            claimName: ${claim}\n`,
  );
  return `      restartPolicy: Never
      ${indent(POD_SECURITY, 6)}
      containers:
        - name: ${container}
          image: ${facts.label}
          command: ${JSON.stringify(command)}
          env:
            ${indent(environment(facts), 12)}${variables
              .map(
                ([name, value]) => `
            - name: ${name}
              value: ${value}`,
              )
              .join("")}
          ${indent(SECURITY, 10)}
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              memory: 512Mi
          volumeMounts:
            - name: tmp
              mountPath: /tmp
${mounted.join("")}      volumes:
        - name: tmp
          emptyDir: {}
${claimed.join("")}`;
}

const deeper = (text: string): string => text.replaceAll(/^(?=.)/gm, "    ");

const migrate = (
  facts: DeployFacts,
): string => `# Runs pending revisions when told to, and never by itself. Before a rollout that has some:
#   kubectl apply -k ${FOLDER}      (with the new image in kustomization.yaml)
#   kubectl create job ${facts.label}-migrate-$(date +%s) --from=cronjob/${facts.label}-migrate
apiVersion: batch/v1
kind: CronJob
metadata:
  name: ${facts.label}-migrate
  labels:
    ${labels(`${facts.label}-migrate`)}
spec:
  suspend: true
  schedule: "0 0 1 1 *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
${deeper(
  jobPod(facts, {
    name: "migrate",
    command: ["supervise", "db", "upgrade"],
    variables: [],
    mounts: [],
  }),
)}`;

const claim = (name: string, access: string, size: string): string => `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: ${name}
spec:
  accessModes: ["${access}"]
  resources:
    requests:
      storage: ${size}
`;

/** A shell is needed for two commands in a row; its words are fixed. */
function backup(facts: DeployFacts): string {
  const { label, keep } = facts;
  const script = `supervise backup create && supervise backup prune --keep ${keep}`;
  const mounts: Run["mounts"] = [
    ["backups", "/backups", `${label}-backups`],
    ...(facts.hasUploads
      ? [["uploads", `/app/${facts.uploads}`, `${label}-uploads`] as const]
      : []),
  ];
  const pod = jobPod(facts, {
    name: "backup",
    command: ["sh", "-c", script],
    variables: [["DAZZLE_BACKUP_DIR", "/backups"]],
    mounts,
  });
  return `# A backup each night, the newest ${keep} kept. A volume of the same cluster is not the last resort: copy
# what lies there to another place.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: ${label}-backup
  labels:
    ${labels(`${label}-backup`)}
spec:
  schedule: "17 3 * * *"
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 2
      template:
        spec:
${deeper(pod)}---
${claim(`${label}-backups`, "ReadWriteOnce", "10Gi")}`;
}

const kustomization = (
  facts: DeployFacts,
  files: readonly DeployFile[],
): string => `# kubectl apply -k ${FOLDER}
#
# Once, before: the database's URL, which is in none of these files.
#   kubectl create secret generic ${facts.label}-database --from-literal=url="$DATABASE_URL"
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
${files.map(({ path }) => `  - ${path.split("/").at(-1) ?? path}`).join("\n")}
images:
  - name: ${facts.label}
    newName: registry.example.com/${facts.label}
    newTag: "1"
`;

export function kubernetes(facts: DeployFacts): DeployPlan {
  const file = (name: string, text: string): DeployFile => ({ path: `${FOLDER}/${name}`, text });
  const resources = [
    file("deployment.yaml", deployment(facts)),
    file("service.yaml", service(facts)),
    file("disruption-budget.yaml", disruption(facts)),
    file("migrate.yaml", migrate(facts)),
    file("backup.yaml", backup(facts)),
    ...(facts.hasUploads
      ? [
          file(
            "uploads.yaml",
            `# Shared by every pod, which is why it has to be of a class that can be (NFS, CephFS, ...).\n${claim(`${facts.label}-uploads`, "ReadWriteMany", "10Gi")}`,
          ),
        ]
      : []),
  ];
  return {
    files: [...resources, file("kustomization.yaml", kustomization(facts, resources))],
    notes: [
      "the image is the one of `supervise deploy docker`: put your registry and tag into kustomization.yaml",
      `the URL of the database comes from the secret ${facts.label}-database, key url`,
      `${REPLICAS} pods and one more during a rollout open ${(REPLICAS + 1) * connectionsOf(facts)} connections at most: PostgreSQL's max_connections has to allow them`,
    ],
    next: [
      `kubectl create secret generic ${facts.label}-database --from-literal=url="$DATABASE_URL"`,
      `kubectl apply -k ${FOLDER}`,
      `kubectl rollout status deployment/${facts.label}`,
    ],
  };
}
