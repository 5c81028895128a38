//! The kernel's session keyring: it is inherited by every process, and with it the keys of who
//! started the server.

use std::io;

/// Leaves the session keyring of whoever started this process for an empty one of its own. Where
/// the kernel has no keys, or a container hides them, there is none to leave.
pub(crate) fn leave() -> io::Result<()> {
    match keyutils_raw::keyctl_join_session_keyring(None) {
        Ok(_) => Ok(()),
        Err(error) => match error.0 {
            libc::ENOSYS | libc::EPERM | libc::EACCES => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        },
    }
}
