//! Giving up rights: once the device is open, the program is an ordinary one of the user who started it.

use std::ffi::CString;
use std::fmt;

use caps::{CapSet, Capability};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, User, getegid, geteuid, getgid, getuid, initgroups, setgroups, setresgid, setresuid};

/// Why rights could not be given up. The program must not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrivilegeError {
    /// `SUDO_UID` or `SUDO_GID` is missing beside the other, or is no number.
    Environment {
        /// Which variable.
        variable: &'static str,
        /// Its value, if it has one.
        value: Option<String>,
    },
    /// Threads run already; each has rights of its own, of which only one thread's can be given up.
    Threads(usize),
    /// The system refused a step.
    Step {
        /// What was to be done.
        step: &'static str,
        /// What the system says.
        message: String,
    },
    /// The step seemed to succeed, but the rights are still there.
    Kept(&'static str),
}

impl std::error::Error for PrivilegeError {}

impl fmt::Display for PrivilegeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment { variable, value: Some(value) } => write!(
                f,
                "cannot give up root's rights: {variable}={value} is no number of a user or group; \
                 start coapscope through sudo, or unset SUDO_UID and SUDO_GID"
            ),
            Self::Environment { variable, value: None } => write!(
                f,
                "cannot give up root's rights: {variable} is not set, but its companion is; \
                 start coapscope through sudo, or unset SUDO_UID and SUDO_GID"
            ),
            Self::Threads(count) => {
                write!(f, "cannot give up rights: {count} threads run already; this is a fault of coapscope's")
            }
            Self::Step { step, message } => write!(f, "cannot give up rights: {step}: {message}"),
            Self::Kept(what) => write!(f, "cannot give up rights: {what} could be had again"),
        }
    }
}

/// Who the program is from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// User.
    pub uid: Uid,
    /// Group.
    pub gid: Gid,
}

/// Becomes the user behind `sudo` (or behind a set-user-ID start), with no capability left in any set and no way to
/// gain one, and opens files as that user.
///
/// Call it after the device is open and before the first thread starts and the first byte of traffic is read. `open`
/// opens what the user asked to have written (`-w`): as the user and with the user's rights, so that the file is the
/// user's and that nothing is overwritten which the user could not. For root itself, who has no other user behind it,
/// that means before the capabilities go, since a root without any may write less than an ordinary user.
///
/// # Errors
/// [`PrivilegeError`], after which the program must end; or what `open` says.
pub fn drop_rights<T, E: From<PrivilegeError>>(open: impl FnOnce() -> Result<T, E>) -> Result<(T, Identity), E> {
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads != 1 {
        return Err(PrivilegeError::Threads(threads).into());
    }
    let identity = target()?;
    clear_inherited()?;
    become_user(identity)?;
    let opened = if identity.uid.is_root() {
        let opened = open()?;
        clear_capabilities()?;
        opened
    } else {
        clear_capabilities()?;
        open()?
    };
    verify(identity)?;
    Ok((opened, identity))
}

/// Who to become.
fn target() -> Result<Identity, PrivilegeError> {
    let (real, effective) = (getuid(), geteuid());
    if !effective.is_root() || !real.is_root() {
        // An ordinary user, perhaps through a set-user-ID program; then the environment is not to be trusted.
        return Ok(Identity { uid: real, gid: getgid() });
    }
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let behind = behind_sudo(variable("SUDO_UID"), variable("SUDO_GID"))?;
    Ok(behind.unwrap_or(Identity { uid: real, gid: getgid() }))
}

/// The user and group that `sudo` names, if it was `sudo`.
fn behind_sudo(uid: Option<String>, gid: Option<String>) -> Result<Option<Identity>, PrivilegeError> {
    if uid.is_none() && gid.is_none() {
        return Ok(None);
    }
    let number = |variable, value: Option<String>| {
        let digits = value.as_deref().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        // The largest number means "leave it as it is" to the system.
        let number = digits.and_then(|text| text.parse().ok()).filter(|number| *number != u32::MAX);
        number.ok_or(PrivilegeError::Environment { variable, value })
    };
    let uid = Uid::from_raw(number("SUDO_UID", uid)?);
    let gid = Gid::from_raw(number("SUDO_GID", gid)?);
    Ok(Some(Identity { uid, gid }))
}

fn step(step: &'static str, result: Result<(), Errno>) -> Result<(), PrivilegeError> {
    result.map_err(|errno| PrivilegeError::Step { step, message: errno.desc().to_owned() })
}

/// Groups, then group, then user: each step takes rights that the next one gives up. Nothing where it is so already.
fn become_user(identity: Identity) -> Result<(), PrivilegeError> {
    let Identity { uid, gid } = identity;
    if [getuid(), geteuid()] == [uid; 2] && [getgid(), getegid()] == [gid; 2] {
        return Ok(());
    }
    if geteuid().is_root() {
        let name = User::from_uid(uid).ok().flatten().and_then(|user| CString::new(user.name).ok());
        let groups = match &name {
            Some(name) => initgroups(name, gid),
            None => setgroups(&[gid]),
        };
        step("supplementary groups", groups)?;
    }
    step("group", setresgid(gid, gid, gid))?;
    step("user", setresuid(uid, uid, uid))
}

/// The sets that matter for programs started later. Emptying the bounding set takes a right itself, so this comes
/// first; without that right it stays, and `no_new_privs` makes it meaningless.
fn clear_inherited() -> Result<(), PrivilegeError> {
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
        clear(CapSet::Bounding, "bounding capabilities")?;
    }
    clear(CapSet::Ambient, "ambient capabilities")
}

/// What this thread can do, and the promise that it never can more.
fn clear_capabilities() -> Result<(), PrivilegeError> {
    clear(CapSet::Effective, "effective capabilities")?;
    clear(CapSet::Permitted, "permitted capabilities")?;
    clear(CapSet::Inheritable, "inheritable capabilities")?;
    step("no_new_privs", prctl::set_no_new_privs())
}

fn clear(set: CapSet, name: &'static str) -> Result<(), PrivilegeError> {
    caps::clear(None, set).map_err(|error| PrivilegeError::Step { step: name, message: error.to_string() })
}

/// Trust, but look: a kernel or a library that answers "done" without doing it has been seen before.
fn verify(identity: Identity) -> Result<(), PrivilegeError> {
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable, CapSet::Ambient] {
        if caps::read(None, set).map_or(true, |left| !left.is_empty()) {
            return Err(PrivilegeError::Kept("a capability"));
        }
    }
    if !identity.uid.is_root() && setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() {
        return Err(PrivilegeError::Kept("root"));
    }
    if !prctl::get_no_new_privs().unwrap_or(false) {
        return Err(PrivilegeError::Kept("a right through another program"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sudos_numbers_are_checked() {
        let behind = |uid: Option<&str>, gid: Option<&str>| behind_sudo(uid.map(str::to_owned), gid.map(str::to_owned));
        let pi = Identity { uid: Uid::from_raw(1000), gid: Gid::from_raw(100) };
        assert_eq!(behind(None, None), Ok(None));
        assert_eq!(behind(Some("1000"), Some("100")), Ok(Some(pi)));
        for (uid, gid, variable) in [
            (Some("1000"), None, "SUDO_GID"),
            (None, Some("100"), "SUDO_UID"),
            (Some(""), Some("100"), "SUDO_UID"),
            (Some("pi"), Some("100"), "SUDO_UID"),
            (Some("+1000"), Some("100"), "SUDO_UID"),
            (Some("-1"), Some("100"), "SUDO_UID"),
            (Some("1000"), Some("4294967295"), "SUDO_GID"),
            (Some("4294967296"), Some("100"), "SUDO_UID"),
        ] {
            let error = behind(uid, gid).unwrap_err().to_string();
            assert!(error.contains(variable) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn with_threads_it_refuses() {
        // Tests run in a thread of their own.
        let error = drop_rights(|| Ok::<_, PrivilegeError>(())).unwrap_err();
        assert!(matches!(error, PrivilegeError::Threads(2..)), "{error}");
    }
}
