//! The log: lines on standard error, as text or JSON.
//!
//! Much of what is logged was sent by a peer. An event is one line whatever it holds: characters that
//! a terminal or a reader of lines would obey are escaped in every field and message.

use std::fmt::{self, Write};
use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::util::SubscriberInitExt;

/// Form of the log's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Starts the log of this process.
///
/// # Errors
/// When the filter cannot be read, or a log runs already.
pub fn start(format: LogFormat, filter: &str) -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_new(filter)?;
    let color = std::io::stderr().is_terminal();
    match format {
        LogFormat::Text => text(filter, std::io::stderr, color).try_init()?,
        LogFormat::Json => tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .json()
            .flatten_event(true)
            .finish()
            .try_init()?,
    }
    Ok(())
}

fn text<W>(filter: EnvFilter, writer: W, color: bool) -> impl Subscriber + Send + Sync
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
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .fmt_fields(fields.delimited(" "))
        .with_writer(writer)
        .with_ansi(color)
        .finish()
}

/// Writes text with its commanding characters escaped as in a Rust string.
struct Escaped<W>(W);

impl<W: Write> Write for Escaped<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| match is_command(character) {
            true => write!(self.0, "{}", character.escape_default()),
            false => self.0.write_char(character),
        })
    }
}

/// Whether a terminal or a reader of lines may do something at this character instead of showing it:
/// controls (C0, DEL, C1), line and paragraph separators, and what turns the direction of text.
fn is_command(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

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

    fn logged(log: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = text(EnvFilter::new("info"), move || writer.clone(), false);
        tracing::subscriber::with_default(subscriber, log);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_event_is_one_line_whatever_a_peer_put_into_it() {
        let commands = (0..0x11_0000)
            .filter_map(char::from_u32)
            .filter(|character| is_command(*character))
            .chain(['\n', '\r', '\u{1b}', '\u{7f}', '\u{9b}', '\u{2028}', '\u{2029}', '\u{202e}']);
        for command in commands {
            let sent = format!("a{command}b");
            let line = logged(|| {
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
    fn other_text_is_shown_as_it_is() {
        let line = logged(|| tracing::warn!(name = %"Größe 日本 🎉", "it's \"quoted\" \\ here"));
        assert!(line.contains("it's \"quoted\" \\ here name=Größe 日本 🎉\n"), "{line}");
        assert!(line.contains(" WARN "), "{line}");
    }
}
