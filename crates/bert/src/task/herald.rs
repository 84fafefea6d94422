//! Tells what training finds worth saying while it goes on.

use super::notice::Notice;
use crate::Result;
use crate::train::{Control, Event, Observer, TrainState};

/// Turns events into notices.
pub(super) struct Herald<'a> {
    pub(super) tell: &'a mut dyn FnMut(&Notice),
}

impl Observer for Herald<'_> {
    fn on_event(&mut self, event: &Event<'_>, _: &TrainState) -> Result<Control> {
        if let Event::GradientsMissing { names } = event {
            (self.tell)(&Notice::WithoutGradient { names: names.to_vec() });
        }
        Ok(Control::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_loss_does_not_reach_is_a_warning_by_name() {
        let mut told = Vec::new();
        let mut tell = |notice: &Notice| told.push((notice.is_warning(), notice.to_string()));
        let mut herald = Herald { tell: &mut tell };
        let names = ["a.weight".to_owned(), "b.bias".to_owned()];
        let state = TrainState::default();
        herald.on_event(&Event::GradientsMissing { names: &names }, &state).unwrap();
        herald.on_event(&Event::StepEnd, &state).unwrap();
        let expected = "trainable, but the loss does not reach it: a.weight, b.bias";
        assert_eq!(told, [(true, expected.to_owned())]);
    }
}
