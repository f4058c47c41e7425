// What must hold of every workflow, whatever a linter thinks of it. `npm run release:workflows` runs two linters.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'

import { ROOT } from '../../scripts/lib/paths.mjs'
import { TARGETS } from '../../scripts/targets/list.mjs'

const FOLDER = join(ROOT, '.github', 'workflows')
const names = await readdir(FOLDER)
const workflows = await Promise.all(names.map(async (name) => [name, await readFile(join(FOLDER, name), 'utf8')]))
const release = workflows.find(([name]) => name === 'release.yml')[1]

/** Returns the jobs of a workflow by their names. @param {string} text @returns {Record<string, string>} */
function jobsOf(text) {
  const jobs = text.slice(text.indexOf('\njobs:\n')).split(/\n {2}(?=[\w-]+:\n)/).slice(1)
  return Object.fromEntries(jobs.map((job) => [job.slice(0, job.indexOf(':')), job]))
}

const { napi } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))

describe('Every workflow', () => {
  for (const [name, text] of workflows) {
    it(`${name} pins each action to a commit and says which version that is`, () => {
      const used = [...text.matchAll(/^\s*-? ?uses: (.*)$/gm)].map(([, action]) => action)
      assert.ok(used.length > 0)
      for (const action of used.filter((each) => !each.startsWith('./'))) {
        assert.match(action, /^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
      }
    })

    it(`${name} starts without permissions, and gives each job what it needs`, () => {
      assert.match(text, /^permissions: \{\}$/m)
      const jobs = Object.values(jobsOf(text))
      assert.ok(jobs.length > 0)
      for (const job of jobs) assert.match(job, /\n {4}permissions:\n/)
    })

    it(`${name} leaves no credentials in the checkout and runs no foreign code with rights of ours`, () => {
      const checkouts = text.match(/uses: actions\/checkout@/g).length
      assert.equal(text.match(/persist-credentials: false/g).length, checkouts)
      assert.doesNotMatch(text, /pull_request_target|workflow_run/)
    })

    it(`${name} puts no expression into a script`, () => {
      const scripts = text.match(/^ +(- )?run: .*(\n {10,}.*)*/gm)
      assert.ok(scripts.length > 0)
      for (const script of scripts) assert.doesNotMatch(script, /\$\{\{/)
    })
  }
})

describe('The release workflow', () => {
  it('builds every target that is published, once, on the machine that the list of targets names', () => {
    const built = [...release.matchAll(/\{ target: ([\w-]+), os: ([\w.-]+) \}/g)].map(([, ...pair]) => pair.join(' '))
    assert.deepEqual(built.sort(), TARGETS.map(({ triple, runner }) => `${triple} ${runner}`).sort())
    assert.deepEqual(TARGETS.map(({ triple }) => triple).sort(), [...napi.targets].sort())
  })

  it('publishes for a tag only, after all checks, by trust and not by token', () => {
    const job = /\n {2}publish:\n(.*?)\n {2}\w+:\n/s.exec(release)[1]
    assert.match(job, /if: github\.event_name == 'push' && startsWith\(github\.ref, 'refs\/tags\/v'\)/)
    assert.match(job, /needs: \[check, pack, install, install-container\]/)
    assert.match(job, /id-token: write/)
    assert.doesNotMatch(job, /npm ci|^ +registry-url:/m)
    assert.doesNotMatch(release, /secrets\.|_authToken|NODE_AUTH_TOKEN|pnpm publish/)
    const trusted = Object.entries(jobsOf(release)).filter(([, text]) => text.includes('id-token: write'))
    assert.deepEqual(trusted.map(([name]) => name), ['publish', 'publish-site'], 'no other job may publish')
    assert.match(job, /\n {4}environment: npm\n/)
  })

  it('publishes the site after the packages, and runs no code of the repository with the right to do so', () => {
    const { site, 'publish-site': publishSite } = jobsOf(release)
    assert.match(publishSite, /if: github\.event_name == 'push' && startsWith\(github\.ref, 'refs\/tags\/v'\)/)
    assert.match(publishSite, /needs: \[publish, site\]/)
    // npm trusts the environment `npm`, which this job must not have.
    assert.match(publishSite, /\n {4}environment:\n {6}name: github-pages\n/)
    assert.deepEqual(publishSite.match(/uses: [\w/-]+/g), ['uses: actions/deploy-pages'])
    assert.doesNotMatch(publishSite, /\brun:/)
    assert.match(site, /- run: npm run docs\n/)
    assert.doesNotMatch(site, /\w+: write/)
  })
})
