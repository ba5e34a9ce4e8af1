#!/bin/sh
# Is Grafana of use to a duty officer? /api/health is green while every board is blank, so this asks
# for what matters: data sources that answer, duty boards, every alert rule, contact points. What is
# wrong goes to stderr in words (docker inspect shows it); exit 1. No secret is ever printed.
#
#   GF_SECURITY_ADMIN_USER (admin), GF_SECURITY_ADMIN_PASSWORD    the container's own
#   GRAFANA_ADDRESS (http://127.0.0.1:3000), GRAFANA_WORK         for tests
set -u
LC_ALL=C
export LC_ALL

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
address=${GRAFANA_ADDRESS:-http://127.0.0.1:3000}
user=${GF_SECURITY_ADMIN_USER:-admin}
password=${GF_SECURITY_ADMIN_PASSWORD:-}
work=${GRAFANA_WORK:-/tmp/curbwatch}
refused=$work/login-refused
seconds=5
faults=0

fault() {
  echo "grafana: $1" >&2
  faults=1
}

# Prints the body; the last line is the status, 000 where there is no answer.
ask() {
  if command -v curl >/dev/null 2>&1; then
    # From standard input: arguments can be seen by every process.
    printf 'user = "%s:%s"\n' "$user" "$password" |
      curl --silent --config - --max-time "$seconds" --write-out '\n%{http_code}\n' "$address$1" || true
  else
    login=$(printf '%s:%s' "$user" "$password" | base64 | tr -d '\n')
    # Not wget's own -T: busybox 1.35 crashes over it.
    head=$(mktemp)
    timeout "$seconds" wget -q -S -O - --header "Authorization: Basic $login" "$address$1" 2>"$head" || true
    status=$(sed -n -e 's|^ *HTTP/[0-9.]* \([0-9]*\).*|\1|p' -e 's|.*server returned error: HTTP/[0-9.]* \([0-9]*\).*|\1|p' "$head" | tail -n 1)
    rm -f "$head"
    printf '\n%s\n' "${status:-000}"
  fi
}

# get PATH: sets $status and $body.
get() {
  answer=$(ask "$1")
  status=$(printf '%s\n' "$answer" | tail -n 1)
  body=$(printf '%s\n' "$answer" | sed '$d')
}

has() {
  printf '%s\n' "$body" | grep -q "\"$1\" *: *\"$2\""
}

finish() {
  exit "$faults"
}

get /api/health
if [ "$status" != 200 ]; then
  fault "does not answer at $address (status $status)"
  finish
fi
has database ok || fault 'its own database is not in order'

# Grafana locks a user out after five wrong passwords in five minutes, so one is tried in fifteen.
words="refuses the login of $user: the password was changed in Grafana, and .env has the old one"
if [ -n "$(find "$refused" -mmin -15 2>/dev/null)" ]; then
  fault "$words"
  finish
fi
get /api/org
if [ "$status" = 401 ]; then
  mkdir -p "$work" && : >"$refused"
  fault "$words"
  finish
fi
rm -f "$refused"

for uid in influx-telemetry influx-telemetry-5m influx-ops influx-cases; do
  get "/api/datasources/uid/$uid"
  if [ "$status" != 200 ]; then
    fault "has no data source $uid (status $status): was the provisioning read, is the plugin there?"
    continue
  fi
  get "/api/datasources/uid/$uid/health"
  if [ "$status" != 200 ] || ! has status OK; then
    said=$(printf '%s' "$body" | sed -n 's/.*"message" *: *"\([^"]*\)".*/\1/p' | head -n 1 | cut -c 1-200)
    fault "data source $uid does not read from InfluxDB: ${said:-status $status}"
  fi
done

for uid in city-duty-zh city-duty-en city-pipeline-zh city-pipeline-en; do
  get "/api/dashboards/uid/$uid"
  [ "$status" = 200 ] || fault "has no board $uid (status $status)"
done

expected=$(sed -n "s/^ *- uid: '\(.*\)'\$/\1/p" "$here/provisioning/alerting/rules.yaml")
[ -n "$expected" ] || fault "no alert rules in $here/provisioning/alerting/rules.yaml"
get /api/v1/provisioning/alert-rules
if [ "$status" = 200 ]; then
  for uid in $expected; do
    has uid "$uid" || fault "has no alert rule $uid"
  done
else
  fault "does not list its alert rules (status $status)"
fi

get /api/v1/provisioning/contact-points
if [ "$status" = 200 ]; then
  for name in case-api duty-default duty-critical; do
    has name "$name" || fault "has no contact point $name"
  done
else
  fault "does not list its contact points (status $status)"
fi

finish
