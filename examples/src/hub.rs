//! Models by id, with the hub and the cache that the environment names.

use std::path::{Path, PathBuf};

use tunewise_bert::task::Notice;
use tunewise_bert::{DownloadBar, Result};
use tunewise_data::hub::{Download, Hub, HubOptions};

/// The hub to ask for a model; none if the model is a folder.
///
/// # Errors
/// Those of [`HubOptions::from_vars`].
pub fn hub_for(model: &Path) -> Result<Option<HubOptions>> {
    if model.is_dir() {
        return Ok(None);
    }
    Ok(Some(HubOptions::from_vars(|name| std::env::var(name).ok())?))
}

/// The folder of a checkpoint, downloaded if it is a hub's.
///
/// # Errors
/// Those of [`HubOptions::from_vars`] and [`Hub::locate`].
pub fn locate_model(model: &Path, revision: Option<&str>) -> Result<PathBuf> {
    let options = match hub_for(model)? {
        Some(options) => options,
        None => HubOptions::new(""), // locate finds the folder, or a revision that it cannot have
    };
    let mut bar = DownloadBar::default();
    Ok(Hub::new(options).locate(model, revision, &mut |download| bar.show(download))?.folder)
}

/// Shows the notice on the bar, if it is one of a download.
pub fn shows_download(bar: &mut DownloadBar, notice: &Notice) -> bool {
    let Notice::Download { file, received, total } = notice else { return false };
    bar.show(Download { file, received: *received, total: *total });
    true
}
