//! Kinds of events (AWS: guide, "Event messages"; shape `EventType`).

mod registered;

pub use registered::registered;

/// One message of the server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where to.
    pub topic: String,
    /// JSON.
    pub payload: String,
}

impl Event {
    /// A message of JSON.
    pub fn new(topic: String, payload: &serde_json::Value) -> Self {
        Self { topic, payload: payload.to_string() }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.topic.len() + self.payload.len()
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal)*) => {
        /// What an account may have published on `$aws/events/…`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventType {
            $($(#[$doc])* $name,)*
        }

        impl EventType {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// AWS's name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// A kind by AWS's name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
            }
        }
    };
}

kinds! {
    /// Things: created, updated, deleted.
    Thing "THING"
    /// Thing groups.
    ThingGroup "THING_GROUP"
    /// Thing types.
    ThingType "THING_TYPE"
    /// Things that enter and leave groups.
    ThingGroupMembership "THING_GROUP_MEMBERSHIP"
    /// Groups that enter and leave groups.
    ThingGroupHierarchy "THING_GROUP_HIERARCHY"
    /// Things that get and lose a type.
    ThingTypeAssociation "THING_TYPE_ASSOCIATION"
    /// Jobs.
    Job "JOB"
    /// Executions of jobs.
    JobExecution "JOB_EXECUTION"
    /// Policies.
    Policy "POLICY"
    /// Certificates.
    Certificate "CERTIFICATE"
    /// CA certificates.
    CaCertificate "CA_CERTIFICATE"
}
