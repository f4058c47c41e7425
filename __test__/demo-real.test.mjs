// npm run demo -- <provider> --real, against fake servers.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import './support/environment.mjs'
import { runDemo, startDemo } from './support/demo.mjs'
import { eventually } from './support/eventually.mjs'
import { PROVIDERS } from '../demo/providers.mjs'
import { startNamespaceServer } from './servers/namespace/index.mjs'
import { startRailwayServer } from './servers/railway/index.mjs'
import { startRenderServer } from './servers/render/index.mjs'
import { planDaemon, startVercelServer } from './servers/vercel/index.mjs'

/** Per provider a server with an account: the variables that lead `--real` to it, and what is there. */
const ACCOUNTS = {
  async railway() {
    const server = await startRailwayServer({ stepMilliseconds: 20 })
    const { token, projectId, environmentId } = server.world.seed()
    return {
      server,
      baseUrl: server.url,
      env: { RAILWAY_API_KEY: token, RAILWAY_PROJECT_ID: projectId, RAILWAY_ENVIRONMENT_ID: environmentId },
      secret: 'RAILWAY_API_KEY',
      refusal: ['PERMISSION_DENIED', 'Not Authorized'],
      services: () => server.world.liveServices(projectId),
      everMade: () => server.world.allServices(projectId),
    }
  },
  async render() {
    const server = await startRenderServer({ stepMilliseconds: 20 })
    const { apiKey, ownerId } = server.world.seed()
    return {
      server,
      baseUrl: server.endpoint,
      env: { RENDER_API_KEY: apiKey, RENDER_OWNER_ID: ownerId },
      secret: 'RENDER_API_KEY',
      refusal: ['UNAUTHENTICATED', 'Unauthorized'],
      services: () => server.world.liveServices(ownerId),
      everMade: () => server.world.allServices(ownerId),
    }
  },
  async namespace() {
    const server = await startNamespaceServer({ stepMilliseconds: 20 })
    const { token, workspaceId } = server.world.seed()
    const isOurs = ({ labels }) => labels.some(({ name }) => name === 'computesdk.managed')
    return {
      server,
      baseUrl: server.url,
      env: { NSC_TOKEN: token },
      secret: 'NSC_TOKEN',
      refusal: ['UNAUTHENTICATED', 'unknown token'],
      services: () => server.world.liveInstances(workspaceId).filter(isOurs),
      everMade: () => server.world.allInstances(workspaceId).filter(isOurs),
    }
  },
  async vercel() {
    const server = await startVercelServer({ commandPlan: planDaemon })
    const { token, oidcToken, teamId, projectId } = server.world.seed()
    return {
      server,
      baseUrl: server.url,
      env: { VERCEL_TOKEN: token, VERCEL_TEAM_ID: teamId, VERCEL_PROJECT_ID: projectId },
      secret: 'VERCEL_TOKEN',
      refusal: ['UNAUTHENTICATED', 'Not authorized'],
      oidc: { VERCEL_OIDC_TOKEN: oidcToken },
      services: () => server.world.liveSandboxes(projectId),
      everMade: () => server.world.allSandboxes(projectId),
    }
  },
}

async function withAccount(t, name = 'railway') {
  const account = await ACCOUNTS[name]()
  t.after(() => account.server.close())
  const parameters = [name, '--no-build', '--real', '--base-url', account.baseUrl, '--settle', '3']
  return { ...account, parameters }
}

// Side by side: most of the time each of these processes waits.
describe('the demo with --real', { concurrency: 4 }, () => {
  // An engine of one's own has no account.
  for (const [name, { title }] of Object.entries(PROVIDERS).filter(([, { remark }]) => !remark)) {
    test(`of ${title} with --real --yes creates one, destroys it and shows no secret`, async (t) => {
      const account = await withAccount(t, name)
      const { status, stdout, stderr } = await runDemo(t, [...account.parameters, '--yes'], account)
      assert.equal(status, 0, stdout + stderr)
      assert.equal(account.everMade().length, 1)
      assert.deepEqual(account.services(), [])
      const secret = account.env[account.secret]
      assert.ok(!(stdout + stderr).includes(secret), 'the secret shows')
      assert.match(stdout, new RegExp(`••••${secret.slice(-4)} +from ${account.secret}`))
    })

    test(`of ${title} with --real and a wrong key fails with the reason`, async (t) => {
      const account = await withAccount(t, name)
      const env = { ...account.env, [account.secret]: 'wrong' }
      const { status, stdout } = await runDemo(t, [...account.parameters, '--yes'], { env })
      const [code, words] = account.refusal
      assert.equal(status, 1)
      assert.match(stdout, new RegExp(`✖ create .* ${code}: Failed to create ${title} instance: ${words}`))
      assert.match(stdout, new RegExp(`✖ The demo failed \\(${code}\\); nothing is left behind\\.`))
      assert.equal(account.everMade().length, 0)
    })
  }

  test('needs no team and no project where the token names them', async (t) => {
    const { oidc, parameters, everMade } = await withAccount(t, 'vercel')
    const { status, stdout, stderr } = await runDemo(t, [...parameters, '--yes'], { env: oidc })
    assert.equal(status, 0, stdout + stderr)
    assert.equal(everMade().length, 1)
    assert.match(stdout, /from VERCEL_OIDC_TOKEN/)
  })

  test('--real says which variables are missing', async (t) => {
    const { status, stderr } = await runDemo(t, ['--real', '--yes'], { env: { RAILWAY_PROJECT_ID: 'p' } })
    assert.equal(status, 2)
    assert.equal(
      stderr,
      'For --real, set in the environment: ' +
        'RAILWAY_API_KEY or RAILWAY_API_TOKEN or RAILWAY_TOKEN; RAILWAY_ENVIRONMENT_ID.\n',
    )
  })

  test('--real says which variables of another provider are missing', async (t) => {
    const { status, stderr } = await runDemo(t, ['render', '--real', '--yes'], { env: { RENDER_API_KEY: 'k' } })
    assert.equal(status, 2)
    assert.equal(stderr, 'For --real, set in the environment: RENDER_OWNER_ID.\n')
  })

  test('--real waits until a resource that is being deleted is gone', async (t) => {
    const account = await withAccount(t, 'namespace')
    account.server.settings.endingMilliseconds = 400
    const { status, stdout, stderr } = await runDemo(t, [...account.parameters, '--yes'], account)
    assert.equal(status, 0, stdout + stderr)
    const looks = account.server.requests.filter(({ operation }) => operation === 'DescribeInstance')
    assert.equal(account.server.world.get(looks.at(-1).json.instanceId).status, 'DESTROYED')
  })

  test('--real names the address to which NSC_ENDPOINT leads the package', async (t) => {
    const account = await withAccount(t, 'namespace')
    const parameters = account.parameters.filter((word) => !['--base-url', account.baseUrl].includes(word))
    const env = { ...account.env, NSC_ENDPOINT: account.baseUrl }
    const { status, stdout, stderr } = await runDemo(t, [...parameters, '--yes'], { env })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, new RegExp(`api +${account.baseUrl}\n`))
  })

  test('--real creates nothing without a terminal to ask at', async (t) => {
    const account = await withAccount(t)
    const { status, stderr } = await runDemo(t, account.parameters, account)
    assert.equal(status, 2)
    assert.match(stderr, /run it in a terminal, or add --yes/)
    assert.equal(account.server.requests.length, 0)
  })

  for (const { effectFirst, when } of [
    { effectFirst: true, when: 'made already' },
    { effectFirst: false, when: 'made only after the demo has let go' },
  ]) {
    test(`an interruption during create removes what was made: ${when}`, async (t) => {
      const account = await withAccount(t)
      const { faults } = account.server
      faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: 1500, effectFirst })
      const demo = startDemo(t, [...account.parameters, '--yes'], account)
      await seen(account.server, ({ operations }) => operations?.includes('serviceCreate'))
      demo.child.kill('SIGINT')
      assert.equal(await demo.ended, 130, demo.stdout + demo.stderr)
      assert.equal(account.everMade().length, 1, 'the create did take effect')
      assert.deepEqual(account.services(), [])
      assert.match(demo.stdout, /Interrupted: removing what was created/)
      assert.match(demo.stdout, /✔ Interrupted\. Nothing is left behind\./)
    })
  }

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    test(`${signal} after create destroys the instance`, async (t) => {
      const account = await withAccount(t)
      // The call after create, held up until the signal is there.
      const listing = ({ operations }) => operations?.includes('environment')
      account.server.faults.add({ kind: 'slow', when: listing, milliseconds: 5000 })
      const demo = startDemo(t, [...account.parameters, '--yes'], account)
      await seen(account.server, listing)
      assert.equal(account.services().length, 1)
      demo.child.kill(signal)
      assert.equal(await demo.ended, status, demo.stdout + demo.stderr)
      assert.deepEqual(account.services(), [])
      assert.match(demo.stdout, /✔ Interrupted\. Nothing is left behind\./)
    })
  }

  test('a resource that cannot be destroyed is named', async (t) => {
    const account = await withAccount(t)
    account.server.faults.add({
      kind: 'respond',
      when: 'serviceDelete',
      times: Infinity,
      status: 200,
      body: { errors: [{ message: 'Not Authorized' }] },
    })
    const demo = await runDemo(t, [...account.parameters, '--yes'], account)
    const [left] = account.services()
    assert.equal(demo.status, 1)
    assert.match(demo.stdout, new RegExp(`the service ${left.name} \\(id ${left.id}\\) is gone: look at Railway`))
  })
})

/** Resolves when the server has got such a request. */
const seen = (server, matches) => eventually(() => server.requests.some(matches), 'the request has arrived')
