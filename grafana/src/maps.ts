import { crc32, deflateSync } from 'node:zlib'
import type { City } from '../../src/model/city.ts'
import type { Output } from './boards/index.ts'

/** What the map needs without internet: the districts, and one empty tile under them. */
export function maps(city: City): Output[] {
  return [
    { path: 'maps/districts.geojson', content: `${JSON.stringify(districts(city))}\n` },
    { path: 'maps/blank.png', content: blankTile() },
  ]
}

/** The districts with their names in both languages; WGS-84, rings closed as RFC 7946 asks. */
function districts(city: City) {
  return {
    type: 'FeatureCollection',
    features: city.districts.map(({ id, name, boundary }) => ({
      type: 'Feature',
      id,
      properties: { id, name_zh: name['zh-CN'], name_en: name.en },
      geometry: { type: 'Polygon', coordinates: [closed(boundary)] },
    })),
  }
}

function closed(ring: City['districts'][number]['boundary']) {
  const [first] = ring
  const last = ring.at(-1)
  if (first === undefined || (first[0] === last?.[0] && first[1] === last[1])) return ring
  return [...ring, first]
}

const TILE = 256
/** Light grey, quiet under the markers in both of Grafana's themes. */
const SHADE = [0xee, 0xf0, 0xf2]

/** A PNG of one colour (ISO/IEC 15948): a palette of one entry and a bit for each pixel. */
function blankTile(): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(TILE, 0)
  header.writeUInt32BE(TILE, 4)
  // One bit, palette; compression, filter and interlace have one value each.
  header[8] = 1
  header[9] = 3
  // A row is its filter (0: none) and the pixels, all of them entry 0.
  const rows = Buffer.alloc((1 + TILE / 8) * TILE)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(SHADE)),
    // Stored, not compressed: the same bytes from every zlib.
    chunk('IDAT', deflateSync(rows, { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'ascii'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}
