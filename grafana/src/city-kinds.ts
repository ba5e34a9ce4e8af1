import type { City } from '../../src/model/city.ts'
import type { DeviceKind } from '../../src/model/device-kind.ts'

/**
 * The kinds as the city has them: with its own limits in the rules (`ruleOverrides` of the city
 * file), and without the rules that it has switched off. What is changed over the API afterwards,
 * and for single devices, boards do not know.
 */
export function kindsOfCity(kinds: readonly DeviceKind[], city: City): DeviceKind[] {
  return kinds.map((kind) => ({
    ...kind,
    rules: kind.rules
      .filter(({ id }) => city.ruleOverrides[id]?.enabled !== false)
      .map((rule) => {
        const own = city.ruleOverrides[rule.id]?.parameters
        return own === undefined ? rule : { ...rule, parameters: { ...rule.parameters, ...own } }
      }),
  }))
}
