//! What of the machine is reached by no file and no namespace of the program's own: abstract
//! sockets, which belong to the network.

use std::io;

use landlock::{CompatLevel, Compatible, Ruleset, RulesetAttr, Scope};

/// Keeps the program from the abstract sockets of others, where the kernel can (Landlock with
/// scopes, Linux 6.12); elsewhere nothing changes.
pub(crate) fn keep_out() -> io::Result<()> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .scope(Scope::AbstractUnixSocket)
        .and_then(Ruleset::create)
        .and_then(|rules| rules.restrict_self())
        .map(|_| ())
        .map_err(io::Error::other)
}
