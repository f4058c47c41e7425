// Creates the API's objects from the world's records (docs/providers/vercel.md). Times are milliseconds. No answer has
// the variables. JSON leaves out what is undefined.

/** @param {import('../shared/world.mjs').View} [view] a deleted one is still returned as it was, or stopped */
export function presentSandbox(sandbox, view) {
  const { session } = sandbox
  const status = statusOf(sandbox, view)
  return {
    name: sandbox.name,
    currentSessionId: session.id,
    currentSnapshotId: sandbox.currentSnapshotId,
    status,
    statusUpdatedAt: session.statusUpdatedAt,
    persistent: sandbox.persistent,
    region: sandbox.region,
    failoverRegions: sandbox.failoverRegions,
    vcpus: sandbox.vcpus,
    memory: sandbox.memory,
    runtime: sandbox.runtime,
    architecture: 'amd64',
    image: sandbox.image,
    timeout: sandbox.timeout,
    cwd: session.cwd,
    tags: sandbox.tags,
    createdAt: sandbox.createdAt,
    updatedAt: sandbox.updatedAt,
    totalEgressBytes: 0,
    totalIngressBytes: 0,
    totalActiveCpuDurationMs: 0,
    totalDurationMs: 0,
    expiresAt: status === 'running' ? session.expiresAt : undefined,
  }
}

export function presentSession(session, view) {
  const { sandbox } = session
  return {
    id: session.id,
    runtime: sandbox.runtime,
    architecture: 'amd64',
    requestedAt: session.requestedAt,
    startedAt: session.startedAt,
    stoppedAt: session.stoppedAt,
    abortedAt: session.abortedAt,
    duration: session.duration,
    status: session === sandbox.session ? statusOf(sandbox, view) : session.status,
    vcpus: sandbox.vcpus,
    memory: sandbox.memory,
    timeout: session.timeout,
    region: sandbox.region,
    cwd: session.cwd,
    createdAt: session.requestedAt,
    updatedAt: session.statusUpdatedAt,
    sourceSandboxName: sandbox.name,
    projectId: sandbox.projectId,
  }
}

export const presentRoutes = ({ routes }) =>
  routes.map(({ subdomain, port }) => ({ url: `https://${subdomain}.vercel.run`, subdomain, port }))

export const presentSnapshot = ({ id, session, region, createdAt }) => ({
  id,
  sourceSessionId: session.id,
  region,
  status: 'created',
  sizeBytes: 0,
  createdAt,
  updatedAt: createdAt,
})

export const presentCommand = ({ id, name, args, cwd, sessionId, startedAt, exitCode, durationMs }) => ({
  id,
  name,
  args,
  cwd,
  sessionId,
  startedAt,
  exitCode,
  durationMs,
})

const statusOf = ({ session, statusAtDeletion }, view) => (view === 'stale' ? statusAtDeletion : session.status)
