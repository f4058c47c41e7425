import { TYPES } from './world.mjs'

/**
 * Creates the API's objects from the world's records, in the form of the recorded answers (docs/providers/render.md).
 * JSON leaves out what is undefined.
 *
 * @param {import('./world.mjs').World} world
 * @param {{ defaultPlan: string, showPlan: (plan: string) => string }} settings
 */
export function createViews(world, settings) {
  const service = (record) => ({
    id: record.id,
    autoDeploy: record.autoDeploy,
    // The older document lacks it, and recorded answers have it.
    autoDeployTrigger: record.autoDeploy === 'yes' ? 'commit' : 'off',
    ...(record.image ? {} : { branch: 'main', repo: 'https://github.com/acme/site' }),
    createdAt: record.createdAt,
    dashboardUrl: `https://dashboard.render.com/${TYPES[record.type].dashboard}/${record.id}`,
    environmentId: record.environmentId,
    imagePath: record.image,
    name: record.name,
    notifyOnFail: 'default',
    ownerId: record.ownerId,
    registryCredential: credentialOf(record),
    rootDir: '',
    serviceDetails: DETAILS[record.type](record),
    slug: record.slug,
    suspended: record.suspenders.size > 0 ? 'suspended' : 'not_suspended',
    suspenders: [...record.suspenders],
    type: record.type,
    updatedAt: record.updatedAt,
  })

  const credentialOf = ({ registryCredentialId }) => {
    const credential = world.registryCredentials.get(registryCredentialId)
    return credential && { id: credential.id, name: credential.name }
  }

  const image = ({ details }) => ({
    buildPlan: 'starter',
    env: 'image',
    envSpecificDetails: { dockerCommand: details.dockerCommand ?? '', dockerContext: '', dockerfilePath: '' },
    // Since plans have new names, it is not known which spelling answers use.
    plan: settings.showPlan(details.plan ?? settings.defaultPlan),
    region: details.region ?? 'oregon',
    runtime: 'image',
  })

  const server = (record) => ({
    ...image(record),
    maxShutdownDelaySeconds: record.details.maxShutdownDelaySeconds,
    numInstances: record.details.numInstances ?? 1,
    parentServer: record.parent,
    previews: record.details.previews ?? { generation: 'off' },
    pullRequestPreviewsEnabled: 'no',
    sshAddress: `${record.id}@ssh.${record.details.region ?? 'oregon'}.render.com`,
  })

  const listening = (record) => ({ openPorts: [{ port: 10_000, protocol: 'TCP' }], url: world.urlOf(record) })

  const DETAILS = {
    web_service: (record) => ({
      ...server(record),
      ...listening(record),
      healthCheckPath: record.details.healthCheckPath ?? '',
      maintenanceMode: { enabled: false, uri: '' },
    }),
    private_service: (record) => ({ ...server(record), ...listening(record) }),
    background_worker: server,
    cron_job: (record) => ({ ...image(record), schedule: record.details.schedule ?? '0 * * * *' }),
    static_site: (record) => ({
      buildCommand: 'npm run build',
      buildPlan: 'starter',
      parentServer: record.parent,
      previews: { generation: 'off' },
      publishPath: 'public',
      pullRequestPreviewsEnabled: 'no',
      url: world.urlOf(record),
    }),
  }

  /** Counts as a read of the deploy. `commit` and `finishedAt` are null in recordings, against the schema. */
  const deploy = (record) => {
    const { status, updatedAt, startedAt, finishedAt } = world.deploys.read(record)
    return {
      id: record.id,
      commit: record.image ? null : { id: 'c0ffee', message: 'Build the site', createdAt: record.createdAt },
      createdAt: record.createdAt,
      finishedAt,
      image: record.image,
      startedAt,
      status,
      trigger: record.trigger,
      updatedAt,
    }
  }

  const owner = ({ id, name, email, type }) => ({ id, name, email, type })

  return { service, deploy, owner }
}
