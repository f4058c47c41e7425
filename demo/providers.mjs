/** What the demo can show. `client`: the package's config in the published client's words. */
export const PROVIDERS = {
  railway: { title: 'Railway', client: ({ apiKey, ...ids }) => ({ apiToken: apiKey, ...ids }) },
  render: { title: 'Render' },
  namespace: { title: 'Namespace' },
  vercel: { title: 'Vercel' },
  docker: { title: 'Docker', remark: "before this machine's own engine" },
}
