// The images of sandboxes.
import { imageNotFound, imageNotReady } from './errors.mjs'

/** Vercel's own images (docs/providers/vercel.md). The first is the default. */
const MANAGED = [
  'vercel/sandbox/universal',
  ...['node:22', 'node:24', 'node:26', 'python:3.14', 'ubuntu', 'arch'].map((name) => `vercel/sandbox/${name}`),
]

const HOST = 'vcr.vercel.com/'

/**
 * Container images of Vercel's own registry. An image of another registry, such as Docker Hub, is not found.
 */
export class Images {
  #digests = new Map()

  /** @param {{ random: ReturnType<import('../shared/random.mjs').createRandom> }} options */
  constructor({ random }) {
    this.random = random
    for (const reference of MANAGED) this.#digests.set(`* ${withTag(reference)}`, this.#image(0))
  }

  /**
   * Adds an image that was pushed to the project's repositories, or that another project shares.
   *
   * @param {string} projectId
   * @param {string} reference `repo`, `repo:tag` or `team/project/repo:tag`
   * @param {{ notReadyFor?: number }} [options] how many creates get `image_not_ready`
   */
  add(projectId, reference, { notReadyFor = 0 } = {}) {
    const image = this.#image(notReadyFor)
    this.#digests.set(`${projectId} ${withTag(reference)}`, image)
    return `${repositoryOf(reference)}@${image.digest}`
  }

  /** @returns {string} the image with its digest, as the API shows it */
  resolve(projectId, reference = MANAGED[0]) {
    const name = reference.startsWith(HOST) ? reference.slice(HOST.length) : reference
    const image = this.#find(`${projectId} `, name) ?? this.#find('* ', name)
    if (!image) throw imageNotFound(reference)
    if (image.notReadyFor > 0) {
      image.notReadyFor -= 1
      throw imageNotReady(reference)
    }
    return `${repositoryOf(name)}@${image.digest}`
  }

  #find(owner, name) {
    const [repository, digest] = name.split('@')
    if (digest === undefined) return this.#digests.get(`${owner}${withTag(name)}`)
    return [...this.#digests].find(
      ([key, image]) => key.startsWith(`${owner}${repository}:`) && image.digest === digest,
    )?.[1]
  }

  #image(notReadyFor) {
    return { digest: `sha256:${this.random.text('0123456789abcdef', 64)}`, notReadyFor }
  }
}

const withTag = (reference) => (/:[^/]*$/.test(reference) ? reference : `${reference}:latest`)
const repositoryOf = (reference) => reference.replace(/(@|:[^/:]*$).*$/, '')
