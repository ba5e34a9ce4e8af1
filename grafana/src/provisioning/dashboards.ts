import type { DashboardsFile } from './shapes.ts'

/** Where the container finds the boards; start.sh replaces it with the folder of its copy. */
export const BOARDS = '/opt/curbwatch/grafana/dashboards'

/** A folder of boards for each language; the files cannot be changed in Grafana. */
export function dashboards(): DashboardsFile {
  return {
    apiVersion: 1,
    providers: [
      provider('city-zh', '城市运行', 'zh-CN'),
      provider('city-en', 'City operations', 'en'),
    ],
  }
}

function provider(name: string, folder: string, language: string) {
  return {
    name,
    orgId: 1 as const,
    type: 'file' as const,
    folder,
    folderUid: name,
    disableDeletion: false,
    allowUiUpdates: false,
    updateIntervalSeconds: 30,
    options: { path: `${BOARDS}/${language}` },
  }
}
