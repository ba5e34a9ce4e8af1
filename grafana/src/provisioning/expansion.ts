/**
 * What Grafana puts in for `$NAME` when it reads provisioning files: environment variables, in
 * most places, also where nobody meant one. A name that is not set becomes nothing, silently.
 * So a `$` is allowed only with these names; `$$` is a plain dollar.
 */
export const VARIABLES = [
  'INFLUX_GRAFANA_PASSWORD',
  'CURBWATCH_GRAFANA_WEBHOOK_SECRET',
  'DUTY_WEBHOOK_URL',
  'DUTY_LANGUAGE',
] as const

/** What is wrong with a text that Grafana expands; null: nothing. */
export function expansionFault(text: string): string | null {
  if (/\$labels|\$values?\b/.test(text)) {
    return 'Grafana takes $labels for an environment variable: write {{ .Labels.name }}'
  }
  for (const [found] of text.replaceAll('$$', '').matchAll(/\$\w*\{?[^}\s"']*\}?/g)) {
    // Grafana reads the longest run of letters, digits and underscores.
    const name = /^\$(\w+)/.exec(found)?.[1] ?? ''
    if (!VARIABLES.some((variable) => variable === name)) {
      return `Grafana would expand ${found}: use one of ${VARIABLES.join(', ')}, or $$ for a dollar`
    }
  }
  return null
}

/**
 * Annotations: versions up to 13.1 expand nothing, newer ones `${NAME}`. What works in all of them
 * has no dollar.
 */
export function annotationFault(text: string): string | null {
  return text.includes('$')
    ? 'versions of Grafana differ in what they expand in annotations: write it without a dollar'
    : null
}
