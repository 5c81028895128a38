//! What is indexed (AWS: guide, "Managing thing indexing", "Managing thing group indexing").

use crate::error::{ErrorCode, Refusal};
use crate::{limits, text};

/// An index that may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexName {
    /// `AWS_Things`
    Things,
    /// `AWS_ThingGroups`
    ThingGroups,
}

impl IndexName {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Things => "AWS_Things",
            Self::ThingGroups => "AWS_ThingGroups",
        }
    }

    /// An index by AWS's name; there are no others.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Things, Self::ThingGroups].into_iter().find(|index| index.as_str() == text)
    }
}

/// What of things is indexed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ThingIndexingMode {
    /// Nothing; there is no index.
    #[default]
    Off,
    /// The registry.
    Registry,
    /// The registry, and classic shadows.
    RegistryAndShadow,
}

impl ThingIndexingMode {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Registry => "REGISTRY",
            Self::RegistryAndShadow => "REGISTRY_AND_SHADOW",
        }
    }

    /// A mode by AWS's name.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Off, Self::Registry, Self::RegistryAndShadow];
        all.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// The type of a field, for aggregation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// A number.
    Number,
    /// A text.
    String,
    /// A truth value.
    Boolean,
}

impl FieldType {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "Number",
            Self::String => "String",
            Self::Boolean => "Boolean",
        }
    }

    /// A type by AWS's name.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Number, Self::String, Self::Boolean];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A field that may be aggregated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: FieldType,
}

type Managed = &'static [(&'static str, FieldType)];

/// Fields of every thing.
pub const REGISTRY_FIELDS: Managed = &[
    ("thingId", FieldType::String),
    ("thingName", FieldType::String),
    ("registry.version", FieldType::Number),
    ("registry.thingTypeName", FieldType::String),
    ("registry.thingGroupNames", FieldType::String),
];
/// Fields of shadows.
pub const SHADOW_FIELDS: Managed =
    &[("shadow.version", FieldType::Number), ("shadow.hasDelta", FieldType::Boolean)];
/// Fields of things that were seen connected.
pub const CONNECTIVITY_FIELDS: Managed = &[
    ("connectivity.connected", FieldType::Boolean),
    ("connectivity.timestamp", FieldType::Number),
    ("connectivity.disconnectReason", FieldType::String),
];
/// Fields of thing groups.
pub const GROUP_FIELDS: Managed = &[
    ("description", FieldType::String),
    ("parentGroupNames", FieldType::String),
    ("thingGroupId", FieldType::String),
    ("thingGroupName", FieldType::String),
    ("version", FieldType::Number),
];

/// What of things is indexed, and which fields may be aggregated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThingIndexing {
    /// What is indexed.
    pub mode: ThingIndexingMode,
    /// Whether it is indexed who is connected.
    pub connectivity: bool,
    /// Names of shadows; `None` when named shadows are not indexed.
    pub shadow_names: Option<Vec<String>>,
    /// Fields beside the managed ones.
    pub custom_fields: Vec<CustomField>,
    /// Whether `GetThingConnectivityData` may tell addresses.
    pub socket_information: bool,
}

/// Whether groups are indexed, and which fields may be aggregated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupIndexing {
    /// Whether there is an index.
    pub on: bool,
    /// Fields beside the managed ones.
    pub custom_fields: Vec<CustomField>,
}

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexingConfiguration {
    /// Of things.
    pub things: ThingIndexing,
    /// Of thing groups.
    pub groups: GroupIndexing,
}

impl ThingIndexing {
    /// Whether there is an index.
    pub fn is_on(&self) -> bool {
        self.mode != ThingIndexingMode::Off
    }

    /// The fields that AWS manages, by what is indexed.
    pub fn managed_fields(&self) -> impl Iterator<Item = &'static (&'static str, FieldType)> {
        let shadow = self.mode == ThingIndexingMode::RegistryAndShadow;
        let parts = [
            (self.is_on(), REGISTRY_FIELDS),
            (shadow, SHADOW_FIELDS),
            (self.connectivity, CONNECTIVITY_FIELDS),
        ];
        parts.into_iter().filter(|(on, _)| *on).flat_map(|(_, fields)| fields)
    }

    /// The index's `schema`.
    pub fn schema(&self) -> &'static str {
        let shadow = self.mode == ThingIndexingMode::RegistryAndShadow;
        match (self.shadow_names.is_some(), shadow, self.connectivity) {
            (true, ..) => "MULTI_INDEXING_MODE",
            (false, false, false) => "REGISTRY",
            (false, false, true) => "REGISTRY_AND_CONNECTIVITY_STATUS",
            (false, true, false) => "REGISTRY_AND_SHADOW",
            (false, true, true) => "REGISTRY_AND_SHADOW_AND_CONNECTIVITY_STATUS",
        }
    }

    /// `InvalidRequest` unless its parts go together.
    pub fn check(&self) -> Result<(), Refusal> {
        if !self.is_on() {
            if self.connectivity || self.shadow_names.is_some() {
                return Err(invalid(
                    "thingIndexingMode must not be OFF where thingConnectivityIndexingMode or \
                     namedShadowIndexingMode is on.",
                ));
            }
            if !self.custom_fields.is_empty() {
                return Err(invalid("There are no custom fields where thingIndexingMode is OFF."));
            }
        }
        if self.shadow_names.as_ref().is_some_and(|names| names.len() > limits::INDEXED_SHADOWS) {
            return Err(invalid(format!(
                "At most {} named shadows can be indexed.",
                limits::INDEXED_SHADOWS
            )));
        }
        let all = [REGISTRY_FIELDS, SHADOW_FIELDS, CONNECTIVITY_FIELDS];
        check_fields(&self.custom_fields, &all, |name| {
            let shadows = self.mode == ThingIndexingMode::RegistryAndShadow;
            let named = self.shadow_names.is_some();
            name.starts_with("attributes.")
                || (shadows && name.starts_with("shadow.") && !name.starts_with("shadow.name."))
                || (named && name.starts_with("shadow.name."))
        })
    }
}

impl GroupIndexing {
    /// `InvalidRequest` unless its parts go together.
    pub fn check(&self) -> Result<(), Refusal> {
        if !self.on && !self.custom_fields.is_empty() {
            return Err(invalid("There are no custom fields where thingGroupIndexingMode is OFF."));
        }
        check_fields(&self.custom_fields, &[GROUP_FIELDS], |name| name.starts_with("attributes."))
    }
}

impl IndexingConfiguration {
    /// Whether there is an index.
    pub fn is_on(&self, index: IndexName) -> bool {
        match index {
            IndexName::Things => self.things.is_on(),
            IndexName::ThingGroups => self.groups.on,
        }
    }

    /// A field of an index that may be aggregated; without a name the version.
    ///
    /// # Errors
    /// `InvalidAggregation` when it is neither managed nor a custom field; `IndexNotReady` when
    /// there is no such index.
    pub fn aggregated(&self, index: IndexName, name: Option<&str>) -> Result<CustomField, Refusal> {
        if !self.is_on(index) {
            return Err(Refusal::new(
                ErrorCode::IndexNotReady,
                format!(
                    "The index {} does not exist; switch it on with UpdateIndexingConfiguration.",
                    index.as_str()
                ),
            ));
        }
        let (default, custom) = match index {
            IndexName::Things => ("registry.version", &self.things.custom_fields),
            IndexName::ThingGroups => ("version", &self.groups.custom_fields),
        };
        let name = name.unwrap_or(default);
        let managed = match index {
            IndexName::Things => self.things.managed_fields().find(|(known, _)| *known == name),
            IndexName::ThingGroups => GROUP_FIELDS.iter().find(|(known, _)| *known == name),
        };
        if let Some((name, kind)) = managed {
            return Ok(CustomField { name: (*name).to_owned(), kind: *kind });
        }
        custom.iter().find(|field| field.name == name).cloned().ok_or_else(|| {
            let shown = text::shown_arn(name);
            Refusal::new(
                ErrorCode::InvalidAggregation,
                format!(
                    "'{shown}' is neither a managed nor a custom field of {}; add it to \
                     customFields with UpdateIndexingConfiguration.",
                    index.as_str()
                ),
            )
        })
    }
}

fn check_fields(
    fields: &[CustomField],
    managed: &[Managed],
    is_indexed: impl Fn(&str) -> bool,
) -> Result<(), Refusal> {
    if fields.len() > limits::CUSTOM_FIELDS {
        return Err(invalid(format!(
            "At most {} custom fields are allowed.",
            limits::CUSTOM_FIELDS
        )));
    }
    for (index, field) in fields.iter().enumerate() {
        let name = &field.name;
        let shown = text::shown_arn(name);
        if managed.iter().copied().flatten().any(|(known, _)| known == name) {
            return Err(invalid(format!("'{shown}' is a managed field, no custom one.")));
        }
        if name.len() > limits::CUSTOM_FIELD_BYTES || !is_indexed(name) {
            return Err(invalid(format!(
                "The custom field '{shown}' is not in what is indexed; name an attribute, as in \
                 attributes.NAME."
            )));
        }
        if fields.iter().take(index).any(|other| other.name == *name) {
            return Err(invalid(format!("The custom field '{shown}' is named twice.")));
        }
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::InvalidRequest, message)
}
