import { DatabaseSync } from 'node:sqlite'

/**
 * The state's tables. Columns are what lists filter and sort by; the rest of a thing is its JSON
 * body, which only this code reads. Times are epoch milliseconds.
 */

/**
 * Pages of the write-ahead log that are folded into the file at once (16 MB): the rows of devices
 * that report are written over and over, and go into the file once.
 */
const FOLDED_PAGES = 4096

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 5000;
  PRAGMA wal_autocheckpoint = ${FOLDED_PAGES};
  PRAGMA cache_size = -32768;

  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS devices (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    grid_code TEXT,
    enabled INTEGER NOT NULL,
    secret_hash TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS devices_kind ON devices (kind, id);

  -- With a rowid, unlike the rest: only such a table keeps rows of a kilobyte and more whole in a
  -- page, and these are written all the time.
  CREATE TABLE IF NOT EXISTS device_states (
    device_id TEXT PRIMARY KEY,
    online INTEGER NOT NULL,
    last_seen_at INTEGER,
    latest TEXT,
    state BLOB NOT NULL,
    taken_up_to INTEGER
  ) STRICT;

  CREATE TABLE IF NOT EXISTS rules (
    id TEXT PRIMARY KEY,
    deleted INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS alerts (
    device_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (device_id, rule_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS cases (
    id TEXT PRIMARY KEY,
    opened_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    severity TEXT NOT NULL,
    kind TEXT NOT NULL,
    device_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    grid_code TEXT,
    unit_id TEXT,
    due_at INTEGER NOT NULL,
    closed_at INTEGER,
    suspended_at INTEGER,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS cases_newest ON cases (opened_at DESC, id);
  CREATE INDEX IF NOT EXISTS cases_device ON cases (device_id, opened_at DESC);
  CREATE INDEX IF NOT EXISTS cases_ended ON cases (closed_at, id) WHERE closed_at IS NOT NULL;
  -- One open case per device and rule, whatever the code above believes.
  CREATE UNIQUE INDEX IF NOT EXISTS cases_one_open ON cases (device_id, rule_id)
    WHERE status NOT IN ('closed', 'cancelled');

  CREATE TABLE IF NOT EXISTS case_events (
    case_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (case_id, n)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS quarantine (
    id TEXT PRIMARY KEY,
    received_at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    kind TEXT NOT NULL,
    device_id TEXT NOT NULL,
    code TEXT NOT NULL,
    field TEXT,
    rejections TEXT NOT NULL,
    payload BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS quarantine_newest ON quarantine (received_at DESC, id);

  CREATE TABLE IF NOT EXISTS seen (
    device_id TEXT NOT NULL,
    to_at INTEGER NOT NULL,
    from_at INTEGER NOT NULL,
    rows TEXT NOT NULL DEFAULT '',
    packed BLOB
  ) STRICT;
  CREATE INDEX IF NOT EXISTS seen_span ON seen (device_id, to_at);
  CREATE INDEX IF NOT EXISTS seen_age ON seen (to_at);

  CREATE TABLE IF NOT EXISTS commands (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS commands_pending ON commands (state) WHERE state = 'sent';
  CREATE INDEX IF NOT EXISTS commands_waiting ON commands (body ->> 'deviceId') WHERE state = 'sent';
  CREATE INDEX IF NOT EXISTS commands_ended ON commands (body ->> 'endedAt') WHERE state <> 'sent';

  CREATE TABLE IF NOT EXISTS alert_deliveries (
    id TEXT PRIMARY KEY,
    received_at INTEGER NOT NULL,
    case_id TEXT,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS alert_deliveries_newest ON alert_deliveries (received_at DESC, id);
  CREATE INDEX IF NOT EXISTS alert_deliveries_case
    ON alert_deliveries (case_id, received_at DESC, id);

  CREATE TABLE IF NOT EXISTS ledger (
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    expanded INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    shed INTEGER NOT NULL,
    PRIMARY KEY (day, kind)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS verdicts (
    last_seq INTEGER PRIMARY KEY,
    body TEXT NOT NULL
  ) STRICT;
`

/** Opens the state file for its one writer. */
export function openStateDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  db.exec(SCHEMA)
  addColumn(db, 'device_states', 'taken_up_to INTEGER')
  moveFormerStates(db)
  // Earlier versions kept the readings seen as JSON in `rows`; there they stay until they are old.
  addColumn(db, 'seen', 'packed BLOB')
  return db
}

/** Earlier versions kept the states of devices as text, in a table whose rows did not fit its pages. */
function moveFormerStates(db: DatabaseSync): void {
  const former = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'device_live'").get()
  if (former === undefined) return
  db.exec(`BEGIN;
    INSERT INTO device_states
      SELECT device_id, online, last_seen_at, latest, CAST(state AS BLOB), NULL FROM device_live;
    DROP TABLE device_live;
    COMMIT`)
}

/** Adds a column that earlier versions did not have. */
function addColumn(db: DatabaseSync, table: string, definition: string): void {
  const name = definition.split(' ', 1)[0] as string
  const present = db.prepare('SELECT 1 FROM pragma_table_info(?) WHERE name = ?').get(table, name)
  if (present === undefined) db.exec(`ALTER TABLE ${table} ADD COLUMN ${definition}`)
}
