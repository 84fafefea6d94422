//! Downloads on standard error.

use std::io::{IsTerminal, Write, stderr};

use indicatif::{ProgressBar, ProgressStyle};
use tunewise_data::hub::Download;

const TEMPLATE: &str = "{msg} {bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {elapsed} < {eta}";

/// Smaller files are here before anyone has read of them.
const WORTH_SHOWING: u64 = 1 << 20;

/// A bar for each large file on a terminal, a line elsewhere.
///
/// ```no_run
/// use tunewise_bert::DownloadBar;
/// use tunewise_data::hub::{Hub, HubOptions};
///
/// # fn main() -> Result<(), tunewise_data::Error> {
/// let hub = Hub::new(HubOptions::from_vars(|name| std::env::var(name).ok())?);
/// let mut bar = DownloadBar::default();
/// let model = hub.snapshot("owner/name", "main", &mut |download| bar.show(download))?;
/// println!("{}", model.folder.display());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct DownloadBar {
    current: Option<(String, ProgressBar)>,
}

impl DownloadBar {
    /// Shows how far a download is. That standard error may be closed must not end it.
    pub fn show(&mut self, download: Download<'_>) {
        let Download { file, received, total } = download;
        if total.is_some_and(|total| total < WORTH_SHOWING) {
            return;
        }
        if self.current.as_ref().is_none_or(|(name, _)| name != file) {
            self.current = Some((file.to_owned(), begin(download)));
        }
        if let Some((_, bar)) = &self.current {
            bar.set_position(received);
            if Some(received) == total {
                bar.finish_and_clear();
            }
        }
    }
}

fn begin(download: Download<'_>) -> ProgressBar {
    let Download { file, received, total } = download;
    if !stderr().is_terminal() {
        let size =
            total.map(|total| format!(" ({:.1} MB)", megabytes(total.saturating_sub(received))));
        let _ = writeln!(stderr(), "downloading {file}{}", size.unwrap_or_default());
        return ProgressBar::hidden();
    }
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    bar.with_message(file.to_owned()).with_position(received)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
