import { type Tool, tools } from './tools.ts'

/** The list of tools itself is the page without a slug. */
const overview: Tool = {
  slug: '',
  title: 'Your data',
  summary: 'All tools.',
  load: async () => (await import('./overview.tsx')).ToolsOverview,
}

/** The tool called `slug`, or the list of all; undefined if there is none. */
export function findTool(slug: string | undefined): Tool | undefined {
  return slug === undefined ? overview : tools.find((tool) => tool.slug === slug)
}
