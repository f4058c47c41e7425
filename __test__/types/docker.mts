// Docker: its settings, the options that only it has, and what an instance tells.
import { docker } from '@computesdk/gateway'
import type { DockerConfig } from '@computesdk/gateway'

export async function documented() {
  const provider = docker({ host: 'unix:///var/run/docker.sock', memoryMegabytes: 512, owner: 'dev' })
  const { instance, instanceId } = await provider.create({
    daemonConfig: { accessToken: 'token_xxx', gatewayUrl: 'http://host.docker.internal:8080' },
    pull: 'always',
    registryCredentials: { username: 'robot', password: 'x' },
    command: ['node'],
    args: ['daemon.js'],
    ports: [8080],
    labels: { team: 'blue' },
    restart: 'on-failure',
    readOnly: true,
    timeout: 3_600_000,
  })
  const id: string = instance.containerId
  const told: (string | undefined)[] = [instance.name, instance.image, instance.deadline, instance.ports?.['8080']]
  await provider.destroy(instanceId)
  return { id, told }
}

export const config: DockerConfig = {
  host: 'tcp://engine.example:2376',
  certPath: '/certs',
  image: 'acme/box:1',
  vcpus: 0.5,
  pidsLimit: 100,
  network: 'bridge',
  hostIp: '127.0.0.1',
  extraHosts: ['db:10.0.0.7'],
  workingDir: '/app',
  user: '1000:1000',
}

// @ts-expect-error a policy that no engine has
docker({ restart: 'sometimes' })
