import { type Text, text } from './text.ts'

/**
 * The one list of codes that the outside can see: problem answers of the API, reasons in the
 * quarantine, faults of settings, refusals at the broker. `docs/errors.md` is generated from it,
 * and a test holds both together. A code is never renamed: people write alarms on it.
 */
export interface ErrorInfo {
  /** HTTP status when an API call ends with it. */
  readonly status: number
  /** True where the same call may succeed later, unchanged. */
  readonly retryable: boolean
  readonly title: Text
  readonly hint: Text
}

function entry(status: number, title: Text, hint: Text, retryable = false): ErrorInfo {
  return { status, retryable, title, hint }
}

export const ERRORS = {
  // What a device sent.
  NOT_UTF8: entry(
    422,
    text('不是 UTF-8 文本', 'Not UTF-8 text'),
    text('请以 UTF-8 编码发送 JSON', 'Send JSON in UTF-8'),
  ),
  NOT_JSON: entry(
    422,
    text('不是合法的 JSON', 'Not valid JSON'),
    text(
      '检查引号、逗号和括号；NaN、Infinity 不是 JSON 数值',
      'Check quotes, commas and brackets; NaN and Infinity are not JSON numbers',
    ),
  ),
  NOT_A_READING: entry(
    422,
    text('既不是读数对象，也不是读数数组', 'Neither a reading nor an array of readings'),
    text(
      '发送一个 JSON 对象，或最多 500 个对象的数组',
      'Send one JSON object, or an array of up to 500 objects',
    ),
  ),
  EMPTY_ARRAY: entry(
    422,
    text('数组中没有读数', 'The array holds no reading'),
    text('至少发送一个读数', 'Send at least one reading'),
  ),
  TOO_MANY_READINGS: entry(
    422,
    text('一条消息中的读数过多', 'Too many readings in one message'),
    text('每条消息最多 500 个读数', 'At most 500 readings in a message'),
  ),
  NO_FIELDS: entry(
    422,
    text('没有该类设备的任何字段', 'No field of this kind'),
    text(
      '检查字段名称的拼写和大小写；字段见 /api/v1/kinds',
      'Check the spelling and case of the field names; /api/v1/kinds lists them',
    ),
  ),
  FIELD_TYPE: entry(
    422,
    text('字段类型错误', 'Wrong type of a field'),
    text(
      '数值不要加引号，布尔值为 true 或 false',
      'Numbers without quotes, switches as true or false',
    ),
  ),
  FIELD_RANGE: entry(
    422,
    text('字段超出量程', 'A field is out of range'),
    text(
      '检查传感器、量程和单位（例如毫米与厘米、纳克与微克）',
      'Check sensor, range and unit (millimetres for centimetres, nanograms for micrograms)',
    ),
  ),
  IMPLAUSIBLE: entry(
    422,
    text('数值相互矛盾', 'The values contradict each other'),
    text(
      '检查单位换算和通道接线，修正后可从隔离区重放',
      'Check unit conversion and channel wiring; replay it from the quarantine once mended',
    ),
  ),
  TIMESTAMP_FORMAT: entry(
    422,
    text('时间格式错误', 'Unreadable timestamp'),
    text(
      'ts 用带时区的 ISO 8601，或 Unix 毫秒（不是秒）',
      'ts is ISO 8601 with an offset, or Unix milliseconds (not seconds)',
    ),
  ),
  TIMESTAMP_PAST: entry(
    422,
    text('时间过早', 'Timestamp too far in the past'),
    text(
      '设备时钟可能已复位，请校时；补报不超过 30 天',
      "The device's clock may have been reset: set it; a backlog may reach 30 days back",
    ),
  ),
  TIMESTAMP_FUTURE: entry(
    422,
    text('时间在未来', 'Timestamp in the future'),
    text(
      '设备时钟快了，请校时（允许 5 分钟）',
      "The device's clock is ahead: set it (5 minutes are allowed)",
    ),
  ),
  STATUS_UNKNOWN: entry(
    422,
    text('无法识别的状态', 'Unknown status'),
    text('状态为 online 或 offline', 'A status is online or offline'),
  ),
  REPLY_INVALID: entry(
    422,
    text('无法识别的命令回执', 'Unreadable command reply'),
    text('回执为 {"id","ok","detail"}', 'A reply is {"id","ok","detail"}'),
  ),
  DEVICE_UNKNOWN: entry(
    404,
    text('设备未登记', 'Device not registered'),
    text('先通过 API 登记设备', 'Register the device through the API first'),
  ),

  // At the broker's door.
  CREDENTIALS_WRONG: entry(
    401,
    text('设备凭据错误', 'Wrong device credentials'),
    text(
      '用户名与客户端标识均为设备编号，密码为设备密钥',
      'User name and client id are the device id, the password is its secret',
    ),
  ),
  CLIENT_ID_MISMATCH: entry(
    401,
    text('客户端标识与用户名不一致', 'Client id differs from the user name'),
    text('客户端标识与用户名均为设备编号', 'Client id and user name are both the device id'),
  ),
  TOPIC_FORBIDDEN: entry(
    403,
    text('不允许使用该主题', 'Topic not allowed'),
    text(
      '设备只能使用自己的主题 v1/{kind}/{deviceId}/…',
      'A device may use its own topics only: v1/{kind}/{deviceId}/…',
    ),
  ),
  PROTOCOL_ERROR: entry(
    400,
    text('不符合 MQTT 3.1.1', 'Not MQTT 3.1.1'),
    text('检查设备的 MQTT 客户端及其版本', "Check the device's MQTT client and its version"),
  ),
  PACKET_TOO_LARGE: entry(
    413,
    text('报文过大', 'Packet too large'),
    text('报文最大 256 KiB，请分批发送', 'A packet may have 256 KiB: send smaller batches'),
  ),
  RATE_EXCEEDED: entry(
    429,
    text('发送过快', 'Too many messages'),
    text('降低该设备的上报频率', 'Lower the reporting rate of this device'),
    true,
  ),
  OVERLOADED: entry(
    503,
    text('系统繁忙', 'Overloaded'),
    text('稍后重发，消息未被确认', 'Send again later: the message was not acknowledged'),
    true,
  ),
  JOURNAL_UNAVAILABLE: entry(
    503,
    text('磁盘无法写入日志', 'The disk does not take the journal'),
    text(
      '检查磁盘空间和权限；消息未被确认',
      'Check disk space and rights; the message was not acknowledged',
    ),
    true,
  ),
  TELEMETRY_UNAVAILABLE: entry(
    503,
    text('遥测数据库没有应答', 'The telemetry database does not answer'),
    text(
      '检查 InfluxDB 是否运行、地址、组织、存储桶和令牌；读数保留在日志中，恢复后补写',
      'Check that InfluxDB runs, and its address, organization, bucket and token; readings wait in the journal and are written later',
    ),
    true,
  ),

  // What a person asked through the API.
  UNAUTHORIZED: entry(
    401,
    text('未授权', 'Not authorized'),
    text('请求头 Authorization: Bearer <token>', 'Send the header Authorization: Bearer <token>'),
  ),
  WEBHOOK_OFF: entry(
    503,
    text('未配置 Grafana 回调', 'The Grafana webhook is not configured'),
    text(
      '设置 CURBWATCH_GRAFANA_WEBHOOK_SECRET，与 Grafana 联络点的 hmacConfig.secret 一致',
      "Set CURBWATCH_GRAFANA_WEBHOOK_SECRET to the hmacConfig.secret of Grafana's contact point",
    ),
  ),
  SIGNATURE_WRONG: entry(
    401,
    text('签名缺失或不符', 'The signature is missing or wrong'),
    text(
      '检查两端密钥是否一致，联络点是否设置了签名头和时间戳头',
      'Check that both ends have one secret and that the contact point names both headers',
    ),
  ),
  SIGNATURE_STALE: entry(
    401,
    text('签名的时间不在 5 分钟之内', 'The signature is more than 5 minutes off'),
    text(
      '同步两台机器的时钟；旧请求不能重发',
      'Set the clocks of both machines; an old request cannot be sent again',
    ),
  ),
  VALIDATION: entry(
    400,
    text('请求内容有误', 'The request is not valid'),
    text('见 errors 中的位置和原因', 'See errors for places and reasons'),
  ),
  BODY_TOO_LARGE: entry(
    413,
    text('请求内容过大', 'The request is too large'),
    text('分批提交', 'Send it in parts'),
  ),
  ROUTE_NOT_FOUND: entry(
    404,
    text('没有这个地址', 'No such address'),
    text('接口说明见 /docs', 'The calls are described at /docs'),
  ),
  KIND_UNKNOWN: entry(
    400,
    text('未知的设备类型', 'Unknown device kind'),
    text('设备类型见 /api/v1/kinds', '/api/v1/kinds lists the kinds'),
  ),
  UNIT_UNKNOWN: entry(
    400,
    text('未知的处置单位', 'Unknown unit'),
    text('单位在城市文件中定义', 'Units are defined in the city file'),
  ),
  GRID_UNKNOWN: entry(
    400,
    text('未知的网格', 'Unknown grid'),
    text('网格在城市文件中定义', 'Grids are defined in the city file'),
  ),
  DEVICE_EXISTS: entry(
    409,
    text('设备已登记', 'Device already registered'),
    text('换一个编号，或修改已有设备', 'Use another id, or change the device that exists'),
  ),
  DEVICE_NOT_FOUND: entry(
    404,
    text('没有这个设备', 'No such device'),
    text('检查设备编号', 'Check the device id'),
  ),
  RULE_EXISTS: entry(
    409,
    text('规则已存在', 'Rule already exists'),
    text('用 PUT 修改它', 'Change it with PUT'),
  ),
  RULE_NOT_FOUND: entry(
    404,
    text('没有这条规则', 'No such rule'),
    text('检查规则编号', 'Check the rule id'),
  ),
  RULE_INVALID: entry(
    400,
    text('规则有误', 'The rule is not valid'),
    text('errors 中给出每处错误的位置', 'errors gives the place of each fault'),
  ),
  CASE_NOT_FOUND: entry(
    404,
    text('没有这个案件', 'No such case'),
    text('检查案件编号', 'Check the case id'),
  ),
  CASE_TRANSITION: entry(
    409,
    text('当前状态不允许该操作', 'The state of the case does not allow this'),
    text(
      '顺序为 启单 → 派单 → 接单 → 处单 → 验单',
      'The order is open → dispatch → accept → handle → verify',
    ),
  ),
  CASE_SUSPENDED: entry(
    409,
    text('案件已挂起', 'The case is suspended'),
    text('先恢复（resume）', 'Resume it first'),
  ),
  CASE_UNASSIGNED: entry(
    409,
    text('没有处置单位', 'No unit is named'),
    text('派单时给出 unitId', 'Name unitId when dispatching'),
  ),
  QUARANTINE_NOT_FOUND: entry(
    404,
    text('隔离区没有这条消息', 'No such message in the quarantine'),
    text('它可能已被重放或过期', 'It may have been replayed or expired'),
  ),
  NOT_REPLAYABLE: entry(
    409,
    text('该消息不能重放', 'This message cannot be replayed'),
    text('只有读数消息可以重放', 'Only telemetry can be replayed'),
  ),
  COMMAND_NOT_FOUND: entry(
    404,
    text('没有这条命令', 'No such command'),
    text('检查命令编号', 'Check the command id'),
  ),
  NOT_READY: entry(
    503,
    text('服务尚未就绪', 'Not ready yet'),
    text('稍后再试', 'Try again in a moment'),
    true,
  ),
  INTERNAL: entry(
    500,
    text('内部错误', 'Internal error'),
    text('日志中有同一请求编号的记录', 'The log has the same request id'),
    true,
  ),

  // At start.
  SETTINGS_INVALID: entry(
    500,
    text('设置有误', 'The settings are wrong'),
    text('列出的每一项都要改正', 'Mend every fault that is listed'),
  ),
  PORT_TAKEN: entry(
    500,
    text('端口已被占用', 'The port is taken'),
    text('换一个端口，0 表示任意空闲端口', 'Choose another port; 0 takes any free one'),
  ),
  DATA_DIR_BUSY: entry(
    500,
    text('数据目录正被另一个进程使用', 'The data directory is in use by another process'),
    text('停止另一个进程，或换一个数据目录', 'Stop the other process, or use another directory'),
  ),

  JOURNAL_BEHIND: entry(
    500,
    text(
      '日志与业务状态不是同一时刻的数据',
      'Journal and state in the data directory are not of one time',
    ),
    text(
      '请用同一次备份恢复数据目录；日志目录不能单独删除或替换',
      'Restore the data directory from one backup; the journal cannot be removed or replaced alone',
    ),
  ),

  CELLS_CHANGED: entry(
    500,
    text('数据目录的分片数与设置不同', 'The data directory is of another number of cells'),
    text(
      '把 CURBWATCH_CELLS 改回原来的值；要换分片数，请另用新的数据目录并重新登记设备',
      'Set CURBWATCH_CELLS back; for another number use a new data directory and register the devices there',
    ),
  ),

  // Setting up InfluxDB.
  INFLUX_UNAVAILABLE: entry(
    503,
    text('InfluxDB 没有应答', 'InfluxDB does not answer'),
    text(
      '检查地址（INFLUX_URL），以及 InfluxDB 是否在运行：docker compose ps influxdb',
      'Check the address (INFLUX_URL) and whether InfluxDB runs: docker compose ps influxdb',
    ),
    true,
  ),
  INFLUX_UNAUTHORIZED: entry(
    500,
    text('InfluxDB 拒绝该令牌', 'InfluxDB refuses the token'),
    text(
      'INFLUX_ADMIN_TOKEN 须为首次启动时的令牌；数据卷保留原令牌，改 .env 不会改变它',
      'INFLUX_ADMIN_TOKEN must be the one of the first start: the volume keeps it, .env does not change it',
    ),
  ),
  INFLUX_REFUSED: entry(
    500,
    text('InfluxDB 拒绝了该操作', 'InfluxDB refused this'),
    text(
      '原因见信息；检查组织（INFLUX_ORG）和同名的存储桶',
      'The message says why; check the organization (INFLUX_ORG) and what has the same name',
    ),
  ),
} as const satisfies Record<string, ErrorInfo>

export type ErrorCode = keyof typeof ERRORS

/** The entry of a code. */
export function errorInfo(code: ErrorCode): ErrorInfo {
  return ERRORS[code]
}

/** True for a text that is one of our codes. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERRORS, value)
}

/** One fault in something a person wrote (a rule, a setting, a request), with its place. */
export interface Fault {
  /** Path inside the document: `levels.2.raise.atLeast`. */
  readonly path: string
  readonly message: string
}

/**
 * An operational failure with a code: thrown across edges, never used for bugs.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly faults: readonly Fault[]

  constructor(
    code: ErrorCode,
    detail?: string,
    options?: { cause?: unknown; faults?: readonly Fault[] },
  ) {
    super(
      detail ?? ERRORS[code].title.en,
      options?.cause === undefined ? {} : { cause: options.cause },
    )
    this.name = 'AppError'
    this.code = code
    this.faults = options?.faults ?? []
  }
}
