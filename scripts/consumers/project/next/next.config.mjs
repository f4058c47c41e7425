export default { output: 'standalone', serverExternalPackages: ['@computesdk/gateway'] }
