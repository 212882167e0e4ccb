//! What belongs to a file beside its name and its content, so that a new file can take its place: owner, group, mode,
//! extended attributes and with them the access list. What would be lost is told instead.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// Gives `to`, which is new, what belongs to the file at `from`, which has this metadata. An error, if something that
/// matters can't be given; no time is.
pub(super) fn hand_on(from: &Path, metadata: &Metadata, to: &File) -> io::Result<()> {
    #[cfg(unix)]
    owner(metadata, to)?;
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    attributes::hand_on(from, to)?;
    let _ = from;
    // Last: another owner takes bits of it away, an access list changes them.
    to.set_permissions(metadata.permissions())
}

/// Refuses to replace a file that has other names: they would go on leading to the old content, and to write into it
/// would change it for all of them.
pub(super) fn has_one_name(metadata: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        let n_names = std::os::unix::fs::MetadataExt::nlink(metadata);
        if n_names > 1 {
            return Err(io::Error::other(format!(
                "it has {n_names} names (hard links), and only this one would get the new content; mend it by hand, or \
                 put a copy in its place first"
            )));
        }
    }
    let _ = metadata;
    Ok(())
}

/// Gives a file the owner and the group of another one.
#[cfg(unix)]
fn owner(metadata: &Metadata, to: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let now = to.metadata()?;
    let owner = (now.uid() != metadata.uid()).then(|| metadata.uid());
    let group = (now.gid() != metadata.gid()).then(|| metadata.gid());
    if owner.is_none() && group.is_none() {
        return Ok(());
    }
    let whose = if owner.is_some() { "user" } else { "group" };
    fchown(to, owner, group).map_err(|error| {
        io::Error::new(error.kind(), format!("it belongs to another {whose}, whom a new file can't be given ({error})"))
    })
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod attributes {
    use std::ffi::{CStr, CString};
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use rustix::buffer::spare_capacity;
    use rustix::fs::{
        XattrFlags, fgetxattr, flistxattr, flistxattr_query, fremovexattr, fsetxattr, getxattr, listxattr,
        listxattr_query,
    };
    use rustix::io::Errno;

    /// The most bytes of a value and of all names together, as Linux has it.
    const MAX_BYTES: usize = 64 * 1024;

    /// Gives a file the attributes of another one, and takes those away that it was born with and the other has not.
    pub(super) fn hand_on(from: &Path, to: &File) -> io::Result<()> {
        let (wanted, born) = (names(from)?, names_of_file(to)?);
        for name in wanted.iter().filter(|name| !is_of_the_content(name)) {
            let handed = value(from, name).and_then(|value| match value_of_file(to, name) {
                Ok(same) if same == value => Ok(()),
                _ => fsetxattr(to, name, &value, XattrFlags::empty()),
            });
            match handed {
                Err(error) if matters(name) => return Err(lost(name, error)),
                _ => {}
            }
        }
        for name in born.iter().filter(|name| matters(name) && !wanted.contains(name)) {
            fremovexattr(to, name).map_err(|error| lost(name, error))?;
        }
        Ok(())
    }

    /// Whether the content decides the attribute: signatures, and rights that go away whenever a file is written.
    fn is_of_the_content(name: &CStr) -> bool {
        [c"security.ima", c"security.evm", c"security.capability"].contains(&name)
    }

    /// Whether a file without the attribute is not what it was: what users put there, and who may do what. Others say how
    /// a file system keeps it.
    fn matters(name: &CStr) -> bool {
        let name = name.to_bytes();
        let kinds = [&b"user."[..], b"system.posix_acl_", b"system.nfs4_acl", b"security.selinux"];
        let is_of_the_user = cfg!(target_os = "macos") && !name.starts_with(b"com.apple.");
        is_of_the_user || kinds.iter().any(|kind| name.starts_with(kind))
    }

    fn lost(name: &CStr, error: Errno) -> io::Error {
        let why = format!("a new file can't be given its attribute {} ({error})", name.to_string_lossy());
        io::Error::new(io::Error::from(error).kind(), why)
    }

    fn names(of: &Path) -> io::Result<Vec<CString>> {
        read(|| listxattr_query(of), |list| listxattr(of, spare_capacity(list)))
    }

    fn names_of_file(of: &File) -> io::Result<Vec<CString>> {
        read(|| flistxattr_query(of), |list| flistxattr(of, spare_capacity(list)))
    }

    /// The names that are listed; none where there are no attributes.
    fn read(
        size: impl Fn() -> Result<usize, Errno>,
        fill: impl Fn(&mut Vec<u8>) -> Result<usize, Errno>,
    ) -> io::Result<Vec<CString>> {
        match size() {
            Ok(0) | Err(Errno::NOTSUP) => return Ok(Vec::new()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut list = Vec::with_capacity(MAX_BYTES);
        fill(&mut list)?;
        Ok(list.split(|&byte| byte == 0).filter(|name| !name.is_empty()).flat_map(CString::new).collect())
    }

    fn value(of: &Path, name: &CStr) -> Result<Vec<u8>, Errno> {
        let mut value = Vec::with_capacity(MAX_BYTES);
        getxattr(of, name, spare_capacity(&mut value))?;
        Ok(value)
    }

    fn value_of_file(of: &File, name: &CStr) -> Result<Vec<u8>, Errno> {
        let mut value = Vec::with_capacity(MAX_BYTES);
        fgetxattr(of, name, spare_capacity(&mut value))?;
        Ok(value)
    }
}
