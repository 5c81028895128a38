//! The log: lines on standard error, as text or JSON.
//!
//! Much of what is logged was sent by a peer. An event is one line whatever it holds: characters that
//! a terminal or a reader of lines would obey are escaped in every field and message.

use std::fmt::Write;
use std::io::{self, IsTerminal};

use fleetwright_core::text::{Escaped, escaped_json};
use tracing::Subscriber;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, reload};

use crate::config::LogFilter;

/// Form of the log's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Sets what is logged from now on.
pub struct Levels(Box<SetFilter>);

type SetFilter = dyn Fn(&LogFilter) -> Result<(), String> + Send + Sync;

impl Levels {
    /// Logs by another filter.
    ///
    /// # Errors
    /// When the filter cannot be read.
    pub fn set(&self, filter: &LogFilter) -> Result<(), String> {
        (self.0)(filter)
    }
}

/// Starts the log of this process.
///
/// # Errors
/// When the filter cannot be read, or a log runs already.
pub fn start(format: LogFormat, filter: &LogFilter) -> Result<Levels, Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_new(filter.to_string())?;
    let color = std::io::stderr().is_terminal();
    match format {
        LogFormat::Text => {
            let (subscriber, levels) = text(filter, std::io::stderr, color);
            subscriber.try_init()?;
            Ok(levels)
        }
        LogFormat::Json => {
            let (subscriber, levels) = json(filter, std::io::stderr);
            subscriber.try_init()?;
            Ok(levels)
        }
    }
}

fn text<W>(filter: EnvFilter, writer: W, color: bool) -> (impl Subscriber + Send + Sync, Levels)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let fields = debug_fn(|writer, field, value| {
        let mut escaped = Escaped(writer);
        match field.name() {
            "message" => write!(escaped, "{value:?}"),
            name => write!(escaped, "{name}={value:?}"),
        }
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .fmt_fields(fields.delimited(" "))
        .with_writer(writer)
        .with_ansi(color)
        .with_filter_reloading();
    let levels = levels(builder.reload_handle());
    (builder.finish(), levels)
}

fn json<W>(filter: EnvFilter, writer: W) -> (impl Subscriber + Send + Sync, Levels)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(EscapedJson(writer))
        .json()
        .flatten_event(true)
        .with_filter_reloading();
    let levels = levels(builder.reload_handle());
    (builder.finish(), levels)
}

fn levels<S: 'static>(handle: reload::Handle<EnvFilter, S>) -> Levels {
    Levels(Box::new(move |filter| {
        let filter = EnvFilter::try_new(filter.to_string()).map_err(|error| error.to_string())?;
        handle.reload(filter).map_err(|error| error.to_string())
    }))
}

/// A writer of events in JSON, whose strings `serde_json` leaves as they are from DEL on.
struct EscapedJson<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for EscapedJson<W> {
    type Writer = EscapedJson<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        EscapedJson(self.0.make_writer())
    }
}

impl<W: io::Write> io::Write for EscapedJson<W> {
    /// Takes a whole event.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(escaped_json(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use fleetwright_core::text::is_command;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, log: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let (filter, writer) = (EnvFilter::new("info"), move || writer.clone());
        match format {
            LogFormat::Text => {
                tracing::subscriber::with_default(text(filter, writer, false).0, log)
            }
            LogFormat::Json => tracing::subscriber::with_default(json(filter, writer).0, log),
        }
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    /// What a terminal or a reader of lines may act on.
    fn commands() -> impl Iterator<Item = char> {
        (0..0x11_0000).filter_map(char::from_u32).filter(|character| is_command(*character))
    }

    #[test]
    fn an_event_is_one_line_whatever_a_peer_put_into_it() {
        for command in commands()
            .chain(['\n', '\r', '\u{1b}', '\u{7f}', '\u{9b}', '\u{2028}', '\u{2029}', '\u{202e}'])
        {
            let sent = format!("a{command}b");
            let line = logged(LogFormat::Text, || {
                tracing::info!(
                    plain = sent, display = %sent, debug = ?sent, option = Some(&*sent),
                    "message {sent} and {sent:?}"
                );
            });
            let (line, rest) = line.split_once('\n').unwrap();
            assert_eq!(rest, "", "{command:?}");
            assert!(!line.chars().any(is_command), "{line:?}");
            assert!(line.contains(&format!("display=a{}b", command.escape_default())), "{line}");
        }
    }

    #[test]
    fn a_json_event_is_one_line_that_reads_as_what_a_peer_put_into_it() {
        for command in commands() {
            let sent = format!("a{command}b 日本");
            let line = logged(LogFormat::Json, || tracing::info!(field = sent, "message {sent}"));
            let line = line.strip_suffix('\n').unwrap();
            assert!(!line.chars().any(is_command), "{line:?}");
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["field"], sent);
            assert_eq!(value["message"], format!("message {sent}"));
        }
    }

    #[test]
    fn other_text_is_shown_as_it_is() {
        let line = logged(
            LogFormat::Text,
            || tracing::warn!(name = %"Größe 日本 🎉", "it's \"quoted\" \\ here"),
        );
        assert!(line.contains("it's \"quoted\" \\ here name=Größe 日本 🎉\n"), "{line}");
        assert!(line.contains(" WARN "), "{line}");
    }
}
