/** The demo's providers. `client`: translates the package's config for the published client. */
export const PROVIDERS = {
  railway: { title: 'Railway', client: ({ apiKey, ...ids }) => ({ apiToken: apiKey, ...ids }) },
  render: { title: 'Render' },
  namespace: { title: 'Namespace' },
  vercel: { title: 'Vercel' },
  docker: { title: 'Docker', remark: "before this machine's own engine" },
}
