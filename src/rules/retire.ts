import type { Instant } from '../model/time.ts'
import type { RuleProgram } from './compile.ts'
import { change } from './evaluate.ts'
import type { ActiveRule } from './reading-scope.ts'
import type { AlertChange, RuleMemory } from './state.ts'

/**
 * Ends the alerts of rules that are no longer in force for the device (deleted, switched off,
 * or changed so that levels differ), so that no alert outlives its rule.
 */
export function retireAlerts(
  memory: RuleMemory,
  rules: readonly ActiveRule[],
  programs: ReadonlyMap<string, RuleProgram>,
  deviceId: string,
  at: Instant,
): AlertChange[] {
  const inForce = new Map(rules.map((rule) => [rule.program.rule.id, rule.program.rule.version]))
  const changes: AlertChange[] = []
  for (const [ruleId, alert] of Object.entries(memory.alerts)) {
    if (inForce.get(ruleId) === alert.ruleVersion) continue
    delete memory.alerts[ruleId]
    const program = programs.get(ruleId)
    if (program === undefined) continue
    alert.levels.forEach((level, i) => {
      if (program.levels[i] === undefined || level.phase === 'inactive') return
      const becomes = level.phase === 'firing' ? 'cleared' : 'inactive'
      changes.push(change(program, deviceId, i, becomes, at, alert))
    })
  }
  return changes
}
