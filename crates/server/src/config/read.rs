//! Reading every source, in their order, into one configuration.

use std::path::PathBuf;

use super::sections::Sections;
use super::values::Values;
use super::{ConfigError, Given, Settings, file, given, keys};

/// Where a configuration comes from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file, if one is given.
    pub file: Option<PathBuf>,
    /// Variables of the environment; those without our prefix do not matter.
    pub environment: Vec<(String, String)>,
    /// The command line.
    pub options: Vec<Given>,
    /// This machine's name, for the server's certificate.
    pub machine: Option<String>,
}

/// A configuration that can be used, and where its values were given.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// What the server runs with.
    pub settings: Settings,
    sources: Sources,
    pub(super) sections: Sections,
    pub(super) values: Values,
}

impl Configuration {
    /// Reads every source, and looks at what it names on this machine.
    ///
    /// # Errors
    /// Everything that cannot be used.
    pub fn read(sources: Sources) -> Result<Self, ConfigError> {
        let mut values = Values::default();
        if let Some(path) = &sources.file {
            let text = std::fs::read_to_string(path).map_err(|error| {
                ConfigError(vec![format!("cannot read {}: {error}", path.display())])
            })?;
            file::read(path, &text, keys::KEYS, &mut values)?;
        }
        given::environment(&sources.environment, &mut values);
        given::command_line(&sources.options, &mut values);
        if !values.faults.is_empty() {
            return Err(ConfigError(values.faults));
        }
        let named = |error: toml::de::Error| {
            let file = sources.file.as_deref().map(|path| format!("{}: ", path.display()));
            let why = error.to_string().trim().replace('\n', " ");
            ConfigError(vec![format!("{}{why}", file.unwrap_or_default())])
        };
        let sections: Sections = values.tables().try_into().map_err(named)?;
        let sections = sections.with_defaults(sources.machine.clone());
        let settings = Settings::resolve(&sections, &values)?;
        Ok(Self { settings, sources, sections, values })
    }

    /// Reads the same sources as they are now.
    ///
    /// # Errors
    /// As [`Configuration::read`].
    pub(crate) fn read_again(&self) -> Result<Self, ConfigError> {
        Self::read(self.sources.clone())
    }
}
