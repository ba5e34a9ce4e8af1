/** What a fleet did so far, counted by all its devices in one object. */
export interface FleetStats {
  devices: number
  /** Devices that are connected now. */
  connected: number
  /** Connections that ended, or never came about, without the fleet's wish. */
  lost: number
  /** Why the last one ended. */
  lastLoss: string
  readings: number
  /** Telemetry messages published, resent ones too. */
  sent: number
  acked: number
  inFlight: number
  resent: number
  /** Messages lost by `drop`, and readings lost with a device's memory by `reboot`. */
  dropped: number
  reboots: number
  /** Readings lost because a device could not keep more. */
  overflowed: number
  commands: number
}

export function newStats(devices: number): FleetStats {
  return {
    devices,
    connected: 0,
    lost: 0,
    lastLoss: '',
    readings: 0,
    sent: 0,
    acked: 0,
    inFlight: 0,
    resent: 0,
    dropped: 0,
    reboots: 0,
    overflowed: 0,
    commands: 0,
  }
}
