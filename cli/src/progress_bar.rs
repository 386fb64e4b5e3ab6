//! Progress bars on a terminal.

use std::ops::ControlFlow;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use ossmpu::{Progress, UploadOptions};

use crate::sanitize::sanitize;

/// Draws progress bars on stderr, if that is a terminal.
#[derive(Debug, Clone)]
pub struct ProgressDisplay(MultiProgress);

/// The progress bar of one upload. Dropping it clears the bar.
#[derive(Debug)]
pub struct UploadBar(ProgressBar);

impl ProgressDisplay {
    pub fn new(visible: bool) -> Self {
        let target =
            if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self(MultiProgress::with_draw_target(target))
    }

    pub fn add_bar(&self, label: &str) -> UploadBar {
        // Hidden until `add` gives it the draw target, so that it is not drawn twice.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style(LENGTH_UNKNOWN));
        bar.set_prefix(sanitize(label));
        UploadBar(self.0.add(bar))
    }

    /// Clears the bars while `write` prints something else.
    pub fn suspend(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }
}

impl UploadBar {
    /// Registers a progress callback that updates the bar, unless the bar is hidden.
    pub fn attach(&self, options: &mut UploadOptions) {
        if self.0.is_hidden() {
            return;
        }
        let bar = self.0.clone();
        options.set_progress(move |progress| {
            update(&bar, progress);
            ControlFlow::Continue(())
        });
    }
}

impl Drop for UploadBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Shows the bytes sent and those that were there, which advance more evenly than acknowledged parts. The position is at
/// most the total, because retries send bytes again, and at least what OSS has acknowledged.
fn update(bar: &ProgressBar, progress: &Progress) {
    let at_oss = progress.bytes_resumed.saturating_add(progress.bytes_reused);
    let mut position = progress.bytes_sent.saturating_add(at_oss);
    if let Some(total) = progress.bytes_total {
        if bar.length().is_none() {
            bar.set_style(style(LENGTH_KNOWN));
            bar.set_length(total);
        }
        position = position.min(total);
    }
    bar.set_position(position.max(progress.bytes_done));
    if progress.retries > 0 {
        bar.set_message(format!(" {} retries", progress.retries));
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    // ASCII only: not every terminal font has block characters.
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

const LENGTH_KNOWN: &str = "{prefix} {percent:>3}% [{wide_bar}] \
     {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta} left{msg}";
const LENGTH_UNKNOWN: &str = "{prefix} {binary_bytes} {binary_bytes_per_sec} {elapsed}{msg}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_valid() {
        for template in [LENGTH_KNOWN, LENGTH_UNKNOWN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
