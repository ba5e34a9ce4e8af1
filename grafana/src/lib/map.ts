import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import * as geomap from '@grafana/grafana-foundation-sdk/geomap'
import { SEVERITIES, type Severity } from '../../../src/model/case-terms.ts'
import type { City } from '../../../src/model/city.ts'
import { COMMON } from '../i18n/index.ts'
import { type Context, say, suffix } from './context.ts'
import { is, names } from './influxql.ts'
import { NOW } from './limits.ts'
import { SEVERITY_COLOURS, SEVERITY_SHAPES, UNKNOWN } from './palette.ts'
import { type Panel, prepare } from './panels.ts'
import { caseLooks, openCases } from './tables.ts'

/**
 * The map of open cases. It works without internet: an empty tile and the districts' borders are
 * files that Grafana serves itself. One query and one layer a severity, so that each has its own
 * colour and shape; the worst is drawn last, on top.
 */
const SIZES: Readonly<Record<Severity, number>> = { minor: 6, major: 8, critical: 11 }
const COLUMNS = [
  'severity',
  'number',
  'kind',
  'district',
  'device',
  'age_h',
  'lat',
  'lon',
  'case_id',
]

export function casesMap(
  context: Context,
  panel: Pick<Panel, 'id' | 'at' | 'words'>,
  conditions: readonly string[] = [],
): Builder<dashboard.Panel> {
  const queries = SEVERITIES.map((severity) => ({
    ref: severity,
    // A case without coordinates would be drawn in the Gulf of Guinea.
    sql: openCases(names(...COLUMNS), is('severity', severity), ...conditions).replace(
      'WHERE "open" > 0',
      'WHERE "open" > 0 AND "lat" >= -90 AND "lon" >= -180',
    ),
    table: true,
  }))
  const given = { ...panel, source: 'ops', queries, now: NOW, noValue: COMMON.noCases } as const
  return prepare(context, { ...given, looks: caseLooks(context) }, new geomap.PanelBuilder())
    .view(viewOf(context.city, panel.at))
    .controls(
      new geomap.ControlsOptionsBuilder()
        .showZoom(true)
        .mouseWheelZoom(false)
        .showAttribution(false),
    )
    .tooltip(new geomap.TooltipOptionsBuilder().mode(geomap.TooltipMode.Details))
    .basemap(
      new common.MapLayerOptionsBuilder()
        .type('xyz')
        .name('base')
        .config({ url: 'public/maps/city/blank.png', attribution: '' }),
    )
    .layers([districtsLayer(context), ...SEVERITIES.map((severity) => markers(context, severity))])
}

function districtsLayer(context: Context): common.MapLayerOptionsBuilder {
  return new common.MapLayerOptionsBuilder()
    .type('geojson')
    .name(say(context, COMMON.district))
    .tooltip(false)
    .config({
      src: 'public/maps/city/districts.geojson',
      rules: [],
      style: {
        color: { fixed: UNKNOWN },
        opacity: 0.12,
        lineWidth: 1,
        text: { mode: 'field', field: `name_${suffix(context.language)}`, fixed: '' },
        textConfig: {
          fontSize: 13,
          offsetX: 0,
          offsetY: 0,
          textAlign: 'center',
          textBaseline: 'middle',
        },
      },
    })
}

function markers(context: Context, severity: Severity): common.MapLayerOptionsBuilder {
  const place = { mode: common.FrameGeometrySourceMode.Coords, latitude: 'lat', longitude: 'lon' }
  return new common.MapLayerOptionsBuilder()
    .type('markers')
    .name(say(context, COMMON[severity]))
    .tooltip(true)
    .filterData({ id: 'byRefId', options: severity })
    .location({ build: () => place })
    .config({
      showLegend: true,
      style: {
        color: { fixed: SEVERITY_COLOURS[severity] },
        opacity: 0.9,
        size: { fixed: SIZES[severity], min: 2, max: 15 },
        symbol: { mode: 'fixed', fixed: SEVERITY_SHAPES[severity] },
        symbolAlign: { horizontal: 'center', vertical: 'center' },
        rotation: { fixed: 0, mode: 'mod', min: -360, max: 360 },
        text: { fixed: '', mode: 'fixed' },
      },
    })
}

/** Pixels of a grid column on a full-HD screen, and of a grid row. */
const COLUMN = 78
const ROW = 38
/** Pixels of the whole world at zoom 0. */
const WORLD = 256

/** The whole city, as large as the panel lets it be. */
function viewOf(city: City, [, , w, h]: Panel['at']): geomap.MapViewConfigBuilder {
  const points = city.districts.flatMap((district) => district.boundary)
  const lons = points.map(([lon]) => lon)
  const lats = points.map(([, lat]) => lat)
  const [west, east] = [Math.min(...lons), Math.max(...lons)]
  const [south, north] = [Math.min(...lats), Math.max(...lats)]
  const lat = (south + north) / 2
  // Mercator stretches latitude by 1 / cos(latitude).
  const across = (w * COLUMN * 360) / (WORLD * (east - west))
  const up = ((h - 1) * ROW * 360 * Math.cos((lat * Math.PI) / 180)) / (WORLD * (north - south))
  const zoom = Math.floor(Math.log2(Math.min(across, up)) * 10) / 10
  return new geomap.MapViewConfigBuilder()
    .id(geomap.MapCenterID.Coords)
    .lat(round(lat))
    .lon(round((west + east) / 2))
    .zoom(zoom)
}

function round(degrees: number): number {
  return Math.round(degrees * 1e5) / 1e5
}
