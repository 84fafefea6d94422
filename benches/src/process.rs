//! What Linux says of this process; `None` elsewhere.

use std::fs::read_to_string;

/// The high-water mark of resident memory, in MiB.
#[must_use]
pub fn peak_rss_mb() -> Option<f64> {
    let status = read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// Seconds since the process was started, to two hundredths.
#[must_use]
pub fn seconds_since_start() -> Option<f64> {
    const TICKS_PER_SECOND: f64 = 100.0; // USER_HZ, fixed on Linux
    let stat = read_to_string("/proc/self/stat").ok()?;
    let fields = stat.rsplit_once(')')?.1; // the name before may hold blanks
    let started: f64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    let uptime: f64 =
        read_to_string("/proc/uptime").ok()?.split_whitespace().next()?.parse().ok()?;
    Some(uptime - started / TICKS_PER_SECOND)
}
