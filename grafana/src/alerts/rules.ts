import { checkRules } from '../provisioning/check-rules.ts'
import type { RuleGroup, RulesFile } from '../provisioning/shapes.ts'
import { ProvisioningError } from '../provisioning/yaml.ts'
import { caseRules } from './case-rules.ts'
import type { Names } from './names.ts'
import { type RuleSpec, toRule } from './rule.ts'
import { deviceRules, serviceRules } from './service-rules.ts'
import { TOMBSTONES } from './tombstones.ts'

/** Not the title of a folder of boards: alerting comes first and gives its folder a random uid. */
export const RULE_FOLDER = 'Duty alerts'

/** All alert rules, checked. */
export function rules(names: Names): RulesFile {
  const file: RulesFile = {
    apiVersion: 1,
    groups: [
      group('cases', '30s', caseRules(names)),
      group('devices', '1m', deviceRules(names)),
      group('service', '30s', serviceRules()),
    ],
    deleteRules: TOMBSTONES.rules.map((uid) => ({ orgId: 1 as const, uid })),
  }
  const faults = checkRules(file)
  if (faults.length > 0) throw new ProvisioningError('rules', faults)
  return file
}

function group(name: string, interval: string, specs: readonly RuleSpec[]): RuleGroup {
  return { orgId: 1, name, folder: RULE_FOLDER, interval, rules: specs.map(toRule) }
}
