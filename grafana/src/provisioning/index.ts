import type { City } from '../../../src/model/city.ts'
import type { DeviceKind } from '../../../src/model/device-kind.ts'
import { namesFor } from '../alerts/names.ts'
import { contactPoints, policies, templates } from '../alerts/notify.ts'
import { rules } from '../alerts/rules.ts'
import { dashboards } from './dashboards.ts'
import { dataSources } from './datasources.ts'
import {
  contactPointsFile,
  dashboardsFile,
  dataSourcesFile,
  policiesFile,
  rulesFile,
  templatesFile,
} from './shapes.ts'
import { toYaml } from './yaml.ts'

/** A generated file; its path is relative to `grafana/`. */
export interface GeneratedFile {
  readonly path: string
  readonly content: string
}

/** Everything Grafana is set up with except the boards. Throws where a file would be wrong. */
export function provisioning(kinds: readonly DeviceKind[], city: City): GeneratedFile[] {
  const files = {
    'datasources/curbwatch.yaml': toYaml('data sources', dataSourcesFile, dataSources()),
    'dashboards/curbwatch.yaml': toYaml('boards', dashboardsFile, dashboards()),
    'alerting/rules.yaml': toYaml('rules', rulesFile, rules(namesFor(kinds, city))),
    'alerting/contact-points.yaml': toYaml('contact points', contactPointsFile, contactPoints()),
    'alerting/policies.yaml': toYaml('policies', policiesFile, policies()),
    'alerting/templates.yaml': toYaml('templates', templatesFile, templates()),
  }
  return Object.entries(files).map(([name, content]) => ({
    path: `provisioning/${name}`,
    content,
  }))
}
