// The providers of the fault tests. A new provider is one line here.
import { docker, podman } from './docker.mjs'
import { namespace } from './namespace.mjs'
import { railway } from './railway.mjs'
import { render } from './render.mjs'
import { vercel } from './vercel.mjs'

/** @type {Record<string, import('../harness.mjs').ChaosProvider>} */
export const PROVIDERS = { railway, render, namespace, vercel, docker, podman }
