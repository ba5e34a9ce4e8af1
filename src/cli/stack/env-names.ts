import { randomInt } from 'node:crypto'
import { type Text, text } from '../../model/text.ts'

/**
 * What docker-compose.yml takes from `.env`: the one list that `stack env` writes and `stack check`
 * holds the file against.
 */
export interface EnvName {
  readonly name: string
  readonly about: Text
  /** Null: a secret, made at random. */
  readonly value: string | null
}

const secret = (name: string, zh: string, en: string): EnvName => ({
  name,
  about: text(zh, en),
  value: null,
})
const plain = (name: string, value: string, zh: string, en: string): EnvName => ({
  name,
  about: text(zh, en),
  value,
})

export const ENV_NAMES: readonly EnvName[] = [
  secret(
    'CURBWATCH_ADMIN_TOKEN',
    'curbwatch 接口与控制台的令牌',
    "Token of curbwatch's API and console",
  ),
  secret(
    'CURBWATCH_GRAFANA_WEBHOOK_SECRET',
    'Grafana 用它给告警通知签名，curbwatch 用它验签',
    'Grafana signs its alert notifications with it, curbwatch checks them with it',
  ),
  secret(
    'INFLUX_ADMIN_PASSWORD',
    'InfluxDB 用户 admin 的密码',
    "Password of InfluxDB's user admin",
  ),
  secret(
    'INFLUX_ADMIN_TOKEN',
    'InfluxDB 管理令牌，仅 stack setup 与 stack check 使用；首次启动后由数据卷保留',
    "InfluxDB's operator token, for stack setup and stack check only; kept by the volume from the first start on",
  ),
  secret(
    'INFLUX_GRAFANA_PASSWORD',
    'InfluxDB 只读用户 grafana 的密码',
    "Password of InfluxDB's read-only user grafana",
  ),
  secret(
    'GRAFANA_ADMIN_PASSWORD',
    'Grafana 用户 admin 的密码；首次启动后由数据卷保留',
    "Password of Grafana's user admin; kept by the volume from the first start on",
  ),
  plain(
    'CURBWATCH_TELEMETRY_DAYS',
    '365',
    '读数保留的天数（默认值，无出处）',
    'Days that readings are kept (unsourced default)',
  ),
  plain(
    'CONSOLE_URL',
    'http://localhost:8080',
    '值班员浏览器访问控制台的地址，写入告警与看板的链接',
    'Address at which officers reach the console: links in alerts and boards lead there',
  ),
  plain(
    'GRAFANA_URL',
    'http://localhost:3000',
    '值班员浏览器访问 Grafana 的地址',
    'Address at which officers reach Grafana',
  ),
  plain(
    'DUTY_WEBHOOK_URL',
    'http://curbwatch:8080/api/v1/grafana/alerts',
    '告警通知的去向（值班系统的 webhook）；默认为 curbwatch 自己，只记录送达',
    "Where alert notifications go (the duty system's webhook); default: curbwatch itself, which records their delivery",
  ),
  plain(
    'DUTY_LANGUAGE',
    'zh-CN',
    '告警通知的语言：zh-CN 或 en',
    'Language of alert notifications: zh-CN or en',
  ),
]

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const LENGTH = 40

/**
 * Letters and digits, first a letter: nothing that a shell, compose, a URL or Grafana (which turns
 * what looks like a number into one) reads otherwise.
 */
export function freshSecret(): string {
  const all = `${LETTERS}0123456789`
  const pick = (from: string) => from.charAt(randomInt(from.length))
  return pick(LETTERS) + Array.from({ length: LENGTH - 1 }, () => pick(all)).join('')
}
