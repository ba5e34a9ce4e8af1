/** Small pieces of Markdown that the generated pages share. */

/** A table. Cells are escaped; a line break inside one becomes `<br>`. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

/** Parts of a page, an empty line between them, one newline at the end. */
export function page(title: string, from: string, ...parts: readonly string[]): string {
  const origin = `Generated from ${from} by \`npm run generate\`; \`npm run check\` compares it. Do not edit.`
  return `${[`# ${title}`, origin, ...parts].join('\n\n')}\n`
}

export function code(text: string): string {
  return `\`${text}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', '<br>')
}
