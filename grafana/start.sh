#!/bin/sh
# What the container of Grafana runs (docker-compose.yml): puts the console's address and the duty
# officers' language into a copy of provisioning and boards, and starts Grafana on that copy.
#
# Grafana itself puts nothing into boards and annotations, and where it does, a name that is not
# set becomes nothing without a word. So what is wrong is said here, before it starts.
#
#   CONSOLE_URL                        address of curbwatch as browsers see it
#   DUTY_LANGUAGE                      zh-CN or en: language of notifications, linked boards, Grafana
#   DUTY_WEBHOOK_URL                   where notifications go
#   INFLUX_GRAFANA_PASSWORD, CURBWATCH_GRAFANA_WEBHOOK_SECRET
#
# For tests: GRAFANA_WORK (folder of the copy), GRAFANA_RUN (what is started at the end).
set -eu
LC_ALL=C
export LC_ALL

fail() {
  echo "start.sh: $1" >&2
  exit 78
}

# Anything else would need quoting in YAML, in JSON or in the replacement below.
plain() {
  case $2 in
    *[!][A-Za-z0-9:/._~%-]*) fail "$1 has a character that an address does not need: use letters, digits and :/._~%[]-" ;;
  esac
}

# Grafana makes a number of what looks like one; a secret that is empty would be taken.
secret() {
  case $2 in
    '') fail "$1 is not set: npx curbwatch stack env writes it to .env" ;;
    [A-Za-z]*) ;;
    *) fail "$1 must begin with a letter: Grafana would read a number" ;;
  esac
}

http() {
  case $2 in
    http://?* | https://?*) ;;
    *) fail "$1 must begin with http:// or https://" ;;
  esac
}

console=${CONSOLE_URL:-http://localhost:8080}
console=${console%/}
http CONSOLE_URL "$console"
plain CONSOLE_URL "$console"

DUTY_LANGUAGE=${DUTY_LANGUAGE:-zh-CN}
case $DUTY_LANGUAGE in
  zh-CN) suffix=zh locale=zh-Hans ;;
  en) suffix=en locale=en-US ;;
  *) fail "DUTY_LANGUAGE must be zh-CN or en: there are no notifications in another language" ;;
esac
export DUTY_LANGUAGE

http DUTY_WEBHOOK_URL "${DUTY_WEBHOOK_URL:-}"
case $DUTY_WEBHOOK_URL in
  *[[:space:]\"\']*) fail 'DUTY_WEBHOOK_URL has a space or a quote' ;;
esac
secret INFLUX_GRAFANA_PASSWORD "${INFLUX_GRAFANA_PASSWORD:-}"
secret CURBWATCH_GRAFANA_WEBHOOK_SECRET "${CURBWATCH_GRAFANA_WEBHOOK_SECRET:-}"

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=${GRAFANA_WORK:-/tmp/curbwatch}
plain GRAFANA_WORK "$work"
for part in provisioning dashboards; do
  ls "$here/$part"/*/* >/dev/null 2>&1 || fail "cannot read $here/$part: is it mounted, and may user $(id -u) read it?"
done

mkdir -p "$work"
rm -rf "$work/provisioning" "$work/dashboards"
cp -R "$here/provisioning" "$here/dashboards" "$work/"
chmod -R u+w "$work/provisioning" "$work/dashboards"

# The addresses are checked above: nothing in them means anything to sed.
find "$work/provisioning" "$work/dashboards" -type f \( -name '*.yaml' -o -name '*.json' \) |
  while IFS= read -r file; do
    sed -e "s|http://localhost:8080|$console|g" \
      -e "s|/opt/curbwatch/grafana/dashboards|$work/dashboards|g" "$file" >"$file.new"
    mv "$file.new" "$file"
  done

# A rule leads to a board in the officers' language; panels have the same numbers in both.
rules=$work/provisioning/alerting/rules.yaml
sed "s|'\(city-[a-z0-9-]*\)-zh'|'\1-$suffix'|" "$rules" >"$rules.new"
mv "$rules.new" "$rules"

GF_PATHS_PROVISIONING=$work/provisioning
GF_USERS_DEFAULT_LANGUAGE=${GF_USERS_DEFAULT_LANGUAGE:-$locale}
export GF_PATHS_PROVISIONING GF_USERS_DEFAULT_LANGUAGE
# The first page is the duty wall.
wall=$work/dashboards/$DUTY_LANGUAGE/city-duty.json
if [ -f "$wall" ]; then
  GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH=${GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH:-$wall}
  export GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH
fi

exec "${GRAFANA_RUN:-/run.sh}" "$@"
