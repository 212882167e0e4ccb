//! What git gives its hooks: arguments and standard input, as githooks(5) describes them.

use std::ffi::OsString;

use crate::model::change::ObjectId;
use crate::model::request::{RefUpdate, Request};

/// `pre-commit` and `pre-merge-commit` get nothing.
pub(super) fn staged(_args: &[OsString], _stdin: &[u8]) -> Result<Request, String> {
    Ok(Request::Staged)
}

/// `commit-msg` gets the file that holds the message.
pub(super) fn message(args: &[OsString], _stdin: &[u8]) -> Result<Request, String> {
    let file = args.first().ok_or("the file of the message is missing")?;
    Ok(Request::Message(file.into()))
}

/// `pre-push` gets the remote's name and address, and a line for each ref.
pub(super) fn push(args: &[OsString], stdin: &[u8]) -> Result<Request, String> {
    let remote = args.first().ok_or("the name of the remote is missing")?;
    let lines = stdin.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let updates = lines
        .enumerate()
        .map(|(n_before, line)| update(line).ok_or_else(|| format!("line {} names no ref to update", n_before + 1)));
    Ok(Request::Push { remote: remote.to_string_lossy().into_owned(), updates: updates.collect::<Result<_, _>>()? })
}

/// Reads `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`. The first is what the user typed and may have spaces in it.
fn update(line: &[u8]) -> Option<RefUpdate> {
    let mut words = line.rsplitn(4, |&byte| byte == b' ');
    let remote = ObjectId::from_hex(words.next()?)?;
    let remote_ref = words.next()?.to_owned();
    let local = ObjectId::from_hex(words.next()?)?;
    Some(RefUpdate { local_ref: words.next()?.to_owned(), local, remote_ref, remote })
}
