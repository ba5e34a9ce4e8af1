import { ERRORS, type ErrorInfo } from '../model/errors.ts'
import { code, page, table } from './markdown.ts'

/** docs/errors.md: every code that the outside can see, in both languages. */
export function errorsPage(): string {
  const entries = Object.entries(ERRORS) as [string, ErrorInfo][]
  return page(
    'Error codes · 错误码',
    '`src/model/errors.ts`',
    'One list for problem answers of the API (`code`), reasons in the quarantine, refusals at the ' +
      'broker, messages shed by ingest, and faults at the start. A code is never renamed.',
    'HTTP is the status of an API call that ends with the code; codes about messages and ' +
      'connections never end a call, there it says what the nearest status would be. ' +
      '"Again" tells whether the same request or message, unchanged, may succeed later.',
    '接口错误、隔离区原因、连接拒绝和启动故障共用这一张表。错误码不改名。“Again” 表示原样重试可能成功。',
    table(
      ['Code', 'HTTP', 'Again', 'What it means', 'What to do', '含义', '处理'],
      entries.map(([name, { status, retryable, title, hint }]) => [
        `<a id="${name}"></a>${code(name)}`,
        String(status),
        retryable ? 'yes' : 'no',
        title.en,
        hint.en,
        title['zh-CN'],
        hint['zh-CN'],
      ]),
    ),
  )
}
