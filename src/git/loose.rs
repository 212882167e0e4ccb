//! Loose objects: each a file of its own, compressed, named after its content. Read here and not by libgit2, which
//! (1.9.7) never ends reading one whose file is cut off, and for which each thread needs a handle of its own. The
//! format is told in `gitformat-loose`; whoever finds that a file does not keep to it asks git, who says what is wrong.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use flate2::read::ZlibDecoder;
use git2::ObjectType;

use crate::model::change::ObjectId;
use crate::model::content::Content;

/// How many bytes are unpacked at once at the start of an object: its header, and most source files whole.
const N_START: usize = 8192;
/// How far a store may borrow from others that borrow themselves; git's own limit.
const MAX_BORROWED: usize = 5;

/// An object, unless it is larger than was asked for.
#[derive(Debug)]
pub(super) struct Object {
    /// What it is.
    pub(super) kind: ObjectType,
    /// What it holds.
    pub(super) content: Content,
}

/// What the store has under a name.
#[derive(Debug)]
pub(super) enum Loose {
    /// No such file.
    Absent,
    /// A file that can't be read as an object.
    Damaged,
    /// The object.
    Found(Object),
}

/// The folders of a repository that hold loose objects: its own, and those of the repositories that it borrows from.
#[derive(Debug)]
pub(super) struct LooseObjects {
    own: PathBuf,
    folders: OnceLock<Vec<PathBuf>>,
}

impl LooseObjects {
    /// Those of the repository whose shared folder this is.
    pub(super) fn of(common_dir: &Path) -> Self {
        Self { own: common_dir.join("objects"), folders: OnceLock::new() }
    }

    /// Reads an object; one that is larger than `limit` bytes only as far as its header.
    pub(super) fn read(&self, id: &ObjectId, limit: u64) -> Loose {
        let hex = id.to_string();
        let (folder, file) = hex.split_at(2);
        for objects in self.folders.get_or_init(|| with_borrowed(&self.own)) {
            match File::open(objects.join(folder).join(file)) {
                Ok(file) => return decode(file, limit).map_or(Loose::Damaged, Loose::Found),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(_) => return Loose::Damaged,
            }
        }
        Loose::Absent
    }
}

/// The folder of a store and those that its `info/alternates` name, and so on.
fn with_borrowed(own: &Path) -> Vec<PathBuf> {
    let mut folders = vec![own.to_owned()];
    let mut from = 0;
    for _ in 0..MAX_BORROWED {
        let named: Vec<PathBuf> =
            folders.get(from..).unwrap_or_default().iter().flat_map(|at| alternates(at)).collect();
        from = folders.len();
        for folder in named {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    folders
}

/// The folders that a store names, one in a line.
fn alternates(objects: &Path) -> Vec<PathBuf> {
    let listed = fs::read_to_string(objects.join("info").join("alternates")).unwrap_or_default();
    let is_named = |line: &&str| !line.is_empty() && !line.starts_with('#');
    listed.lines().filter(is_named).map(|line| objects.join(line)).collect()
}

/// Reads `KIND SIZE<zero>CONTENT`, compressed. The sum at the end of the compressed bytes is compared.
fn decode(file: File, limit: u64) -> io::Result<Object> {
    let damaged = || io::Error::from(ErrorKind::InvalidData);
    let mut bytes = ZlibDecoder::new(file);
    let mut start = [0; N_START];
    let n_start = fill(&mut bytes, &mut start)?;
    let (start, is_all) = (start.get(..n_start).unwrap_or_default(), n_start < N_START);
    let header = start.split(|&byte| byte == 0).next().unwrap_or_default();
    let (kind, n_bytes) = parse_header(header).ok_or_else(damaged)?;
    let mut content = start.get(header.len() + 1..).ok_or_else(damaged)?.to_owned();
    if n_bytes > limit {
        return Ok(Object { kind, content: Content::TooLarge(n_bytes) });
    }
    if !is_all {
        // One byte more than there should be, so that the end is seen and the sum compared.
        let n_rest = n_bytes.saturating_add(1).saturating_sub(content.len() as u64);
        bytes.take(n_rest).read_to_end(&mut content)?;
    }
    let is_whole = u64::try_from(content.len()) == Ok(n_bytes);
    if is_whole { Ok(Object { kind, content: Content::Bytes(content) }) } else { Err(damaged()) }
}

/// Reads until the buffer is full or there is nothing more.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut n_filled = 0;
    while let Some(free) = buffer.get_mut(n_filled..).filter(|free| !free.is_empty()) {
        match from.read(free)? {
            0 => break,
            n_read => n_filled += n_read,
        }
    }
    Ok(n_filled)
}

fn parse_header(header: &[u8]) -> Option<(ObjectType, u64)> {
    let (kind, size) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    Some((ObjectType::from_str(kind)?, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::Path;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use git2::ObjectType;

    use super::{Loose, LooseObjects};
    use crate::model::change::ObjectId;
    use crate::model::content::Content;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    /// Puts a file into a store below `common` under the name [`ID`].
    fn put(common: &Path, file: &[u8]) {
        let folder = common.join("objects").join("01");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&ID[2..]), file).unwrap();
    }

    fn compressed(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(common: &Path) -> Loose {
        LooseObjects::of(common).read(&ObjectId::from_hex(ID.as_bytes()).unwrap(), 100)
    }

    #[track_caller]
    fn damaged(file: &[u8]) {
        let common = tempfile::tempdir().unwrap();
        put(common.path(), file);
        let read = read(common.path());
        assert!(matches!(read, Loose::Damaged), "{read:?}");
    }

    #[test]
    fn an_object_is_read_whole_or_told_to_be_too_large() {
        let common = tempfile::tempdir().unwrap();
        assert!(matches!(read(common.path()), Loose::Absent));
        put(common.path(), &compressed(b"blob 5\0a\0b\nc"));
        let Loose::Found(object) = read(common.path()) else { panic!("it is there") };
        assert_eq!((object.kind, object.content), (ObjectType::Blob, Content::Bytes(b"a\0b\nc".to_vec())));
        put(common.path(), &compressed(&[b"tree 101\0".as_slice(), &[b'x'; 101]].concat()));
        let Loose::Found(object) = read(common.path()) else { panic!("it is there") };
        assert_eq!((object.kind, object.content), (ObjectType::Tree, Content::TooLarge(101)));
    }

    #[test]
    fn what_is_no_object_is_damaged_wherever_it_is_cut_off() {
        let whole = compressed(b"blob 26\0abcdefghijklmnopqrstuvwxyz");
        for n_bytes in 0..whole.len() {
            damaged(&whole[..n_bytes]);
        }
        let mut with_wrong_sum = whole.clone();
        *with_wrong_sum.last_mut().unwrap() ^= 1;
        damaged(&with_wrong_sum);
        for text in ["blob 3\0ab", "blob 1\0ab", "blob -1\0", "blob\0", "thing 1\0a", "blob 18446744073709551616\0a"] {
            damaged(&compressed(text.as_bytes()));
        }
        damaged(&compressed(&[b'1'; 1000]));
        damaged(b"not compressed");
    }

    #[test]
    fn objects_of_other_repositories_are_borrowed_and_a_circle_ends() {
        let [one, other, third] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let name = |from: &Path, to: &str| {
            fs::create_dir_all(from.join("objects/info")).unwrap();
            fs::write(from.join("objects/info/alternates"), to).unwrap();
        };
        name(one.path(), &format!("# a comment\n{}\n", other.path().join("objects").display()));
        name(other.path(), &format!("{}\n../../nowhere\n", third.path().join("objects").display()));
        name(third.path(), &format!("{}\n", one.path().join("objects").display()));
        assert!(matches!(read(one.path()), Loose::Absent));
        put(third.path(), &compressed(b"blob 0\0"));
        assert!(matches!(read(one.path()), Loose::Found(_)));
    }
}
