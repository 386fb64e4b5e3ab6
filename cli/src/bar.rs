//! The progress bar on a terminal.

use std::ops::ControlFlow;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use ossmpu::{Progress, UploadOptions};

use crate::printable::printable;

/// Where bars are drawn: stderr if that is a terminal, and else nowhere.
#[derive(Debug, Clone)]
pub struct Screen(MultiProgress);

/// How far one upload is. Gone when dropped.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Screen {
    /// Without a bar if none is wanted.
    pub fn new(wanted: bool) -> Self {
        let target =
            if wanted { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self(MultiProgress::with_draw_target(target))
    }

    pub fn bar(&self, label: &str) -> Bar {
        // Nothing is drawn before it has its place.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style(LENGTH_UNKNOWN));
        bar.set_prefix(printable(label));
        Bar(self.0.add(bar))
    }

    /// Takes the bar away while something else is written to the terminal.
    pub fn without_bar(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }
}

impl Bar {
    /// Lets the bar follow an upload. Without a terminal nobody looks, and nothing is computed.
    pub fn follow(&self, options: &mut UploadOptions) {
        if self.0.is_hidden() {
            return;
        }
        let bar = self.0.clone();
        options.set_progress(move |progress| {
            show(&bar, progress);
            ControlFlow::Continue(())
        });
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Bytes on the wire move evenly, whole parts by jumps. What is sent twice is not counted beyond
/// the end, and what OSS has acknowledged is the least.
fn show(bar: &ProgressBar, progress: &Progress) {
    let mut position = progress.bytes_sent.saturating_add(progress.bytes_resumed);
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
    // Not every terminal has blocks to draw with.
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

const LENGTH_KNOWN: &str = "{prefix} {percent:>3}% [{wide_bar}] \
     {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta} left{msg}";
const LENGTH_UNKNOWN: &str = "{prefix} {binary_bytes} {binary_bytes_per_sec} {elapsed}{msg}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_sound() {
        for template in [LENGTH_KNOWN, LENGTH_UNKNOWN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
