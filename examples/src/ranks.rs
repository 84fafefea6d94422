//! One process of several.

use std::rc::Rc;
use std::time::Duration;

use tunewise_bert::task::FinetuneConfig;
use tunewise_bert::{GroupOptions, ProcessGroup};

use crate::CliResult;

/// The group that the launcher's environment describes, once all of it is here; none of one process. A
/// device that is not chosen becomes that of the process's number on its machine.
///
/// # Errors
/// A variable that is missing or wrong, or processes that do not come within `ddp_timeout`.
pub fn group(config: &mut FinetuneConfig) -> CliResult<Option<Rc<ProcessGroup>>> {
    let Some(mut options) = GroupOptions::from_env()? else { return Ok(None) };
    if options.world_size == 1 {
        return Ok(None);
    }
    config.device = config.device.of_local_rank(options.local_rank);
    options.timeout = Duration::from_secs_f64(config.ddp_timeout);
    Ok(Some(Rc::new(ProcessGroup::join(&options)?)))
}
