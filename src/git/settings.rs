//! What the user's and the repository's configuration says.

use std::path::PathBuf;

use crate::git::library::Answer;
use crate::git::{Error, Repo, failure};
use crate::model::command::{CommandOutput, Exit};

/// How git cleans a commit message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MessageSettings {
    /// `commit.cleanup` as it is written; none if it is not set.
    pub(crate) cleanup: Option<String>,
    /// `core.commentChar` or `core.commentString` as it is written, whichever comes last; none if neither is set.
    pub(crate) comment: Option<String>,
}

/// What the configuration says of how the repository itself is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfRepository {
    /// The version of its format as it is written.
    pub(crate) version: String,
    /// `extensions.*` by their last parts, without that for a configuration of each work tree.
    pub(crate) extensions: Vec<(String, String)>,
    /// Whether each work tree has a configuration of its own beside the common one.
    pub(crate) has_configuration_of_work_tree: bool,
    /// Whether objects that are not there are fetched when they are asked for.
    pub(crate) fetches_objects: bool,
    /// Where Git LFS keeps files, if that is set: absolute, or below the common git folder.
    pub(crate) lfs_storage: Option<String>,
}

/// The keys that say it.
const OF_REPOSITORY: &str = r"^(core\.repositoryformatversion|extensions\..*|lfs\.storage)$";

/// The keys on which the bytes of a file in the work tree depend, beside its content and `.gitattributes`.
const CONVERTING: &str = r"^(core\.(autocrlf|eol|symlinks|filemode|checkroundtripencoding|attributesfile)|filter\..*)$";

impl Repo {
    /// All on which the bytes of a file in the work tree depend, beside its content and `.gitattributes`: settings,
    /// variables, and the attributes that are kept outside of the repository's contents. Equal bytes mean equal ones.
    pub(crate) fn conversion_settings(&self) -> Result<Vec<u8>, Error> {
        let variables = self.environment.variables();
        let mut text = Vec::new();
        for (name, value) in variables.iter().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"GIT_ATTR_")) {
            text.extend([name.as_encoded_bytes(), b"=", value.as_encoded_bytes(), b"\0"].concat());
        }
        text.extend(self.settings(CONVERTING)?);
        let global = self.file_of_attributes()?;
        let own = Some(self.common_dir.join("info/attributes"));
        let usual = global.map_or_else(usual_attributes, |file| vec![file]);
        for file in own.into_iter().chain(usual).chain([PathBuf::from("/etc/gitattributes")]) {
            text.push(0);
            text.extend(std::fs::read(&file).unwrap_or_default());
        }
        Ok(text)
    }

    /// The settings whose keys match, as `KEY<line feed>VALUE<nul>`.
    fn settings(&self, keys: &str) -> Result<Vec<u8>, Error> {
        if let Some(Ok(known)) = self.known_to_library(|settings| matching(settings, keys)) {
            return Ok(known);
        }
        let args = ["config", "--null", "--get-regexp", keys];
        Ok(unless_unset(&args, self.ask(&args, b"")?)?.unwrap_or_default())
    }

    /// What libgit2 says of the settings. It does not know the variables that bring some along.
    fn known_to_library<R>(&self, ask: impl FnOnce(&git2::Config) -> Result<R, git2::Error>) -> Answer<R> {
        let mut variables = self.environment.variables().keys();
        if variables.any(|name| name.as_encoded_bytes().starts_with(b"GIT_CONFIG")) {
            return None;
        }
        self.library.ask(|repository| ask(&repository.config()?.snapshot()?))
    }

    /// The file of attributes that a setting names.
    fn file_of_attributes(&self) -> Result<Option<PathBuf>, Error> {
        if let Some(Ok(file)) = self.known_to_library(|settings| Ok(settings.get_path("core.attributesfile").ok())) {
            return Ok(file);
        }
        let args = ["config", "--null", "--type=path", "--get", "core.attributesFile"];
        let file = unless_unset(&args, self.ask(&args, b"")?)?;
        Ok(file.map(|file| PathBuf::from(String::from_utf8_lossy(&file).trim_end_matches('\0'))))
    }

    /// How the repository is kept.
    pub(crate) fn settings_of_repository(&self) -> Result<OfRepository, Error> {
        Ok(parse_of_repository(&String::from_utf8_lossy(&self.settings(OF_REPOSITORY)?)))
    }

    /// The value of a configuration key as git resolves it (all scopes); `None` if it is not set.
    pub(crate) fn config(&self, key: &str) -> Result<Option<String>, Error> {
        let args = ["config", "--null", "--get", key];
        let value = unless_unset(&args, self.ask(&args, b"")?)?;
        Ok(value.map(|value| String::from_utf8_lossy(&value).trim_end_matches('\0').to_owned()))
    }

    /// How git cleans a commit message here.
    pub(crate) fn message_settings(&self) -> Result<MessageSettings, Error> {
        let args = ["config", "--null", "--get-regexp", "^(commit\\.cleanup|core\\.comment(char|string))$"];
        let listed = unless_unset(&args, self.ask(&args, b"")?)?.unwrap_or_default();
        Ok(parse_message_settings(&String::from_utf8_lossy(&listed)))
    }

    /// The names of the remotes that have this address.
    pub(crate) fn remotes_at(&self, address: &str) -> Result<Vec<String>, Error> {
        let args = ["config", "--null", "--get-regexp", "^remote\\..*\\.(url|pushurl)$"];
        let listed = unless_unset(&args, self.ask(&args, b"")?)?.unwrap_or_default();
        Ok(parse_remotes(&String::from_utf8_lossy(&listed), address))
    }

    /// The address of the remote `origin` without user names, passwords and tokens; none if there is no such remote.
    pub(crate) fn origin(&self) -> Result<Option<String>, Error> {
        let asked = self.library.ask(|repository| {
            let origin = repository.find_remote("origin")?;
            Ok(String::from_utf8_lossy(origin.url_bytes()).into_owned())
        });
        let address = match asked {
            Some(Ok(address)) => Some(address),
            Some(Err(error)) if error.code() == git2::ErrorCode::NotFound => None,
            _ => self.config("remote.origin.url")?,
        };
        Ok(address.map(|address| without_credentials(&address)))
    }
}

/// What libgit2 says of the settings whose keys match.
fn matching(settings: &git2::Config, keys: &str) -> Result<Vec<u8>, git2::Error> {
    let mut text = Vec::new();
    settings.entries(Some(keys))?.for_each(|entry| {
        let value = if entry.has_value() { entry.value_bytes() } else { b"true" };
        text.extend([entry.name_bytes(), b"\n", value, b"\0"].concat());
    })?;
    Ok(text)
}

/// Where a user's attributes are if no setting names another place.
fn usual_attributes() -> Vec<PathBuf> {
    let beside = git2::Config::find_xdg().ok().map(|file| file.with_file_name("attributes"));
    let home = git2::Config::find_global().ok();
    let below_home = home.and_then(|file| Some(file.parent()?.join(".config/git/attributes")));
    beside.into_iter().chain(below_home).collect()
}

/// What `git config` says: exit code 1 means that there is no such key.
fn unless_unset(args: &[&str], output: CommandOutput) -> Result<Option<Vec<u8>>, Error> {
    match output.exit {
        Exit::Code(0) => Ok(Some(output.stdout)),
        Exit::Code(1) if output.stderr.is_empty() => Ok(None),
        _ => Err(failure(args, &output)),
    }
}

/// Reads `KEY<line feed>VALUE<nul>` in the order in which git reads its files, so that the last one holds.
fn parse_message_settings(listed: &str) -> MessageSettings {
    let mut settings = MessageSettings::default();
    for (key, value) in listed.split('\0').filter_map(|entry| entry.split_once('\n')) {
        if key.eq_ignore_ascii_case("commit.cleanup") {
            settings.cleanup = Some(value.to_owned());
        } else {
            settings.comment = Some(value.to_owned());
        }
    }
    settings
}

/// Reads `KEY<line feed>VALUE<nul>`, of which the last one of a key holds.
fn parse_of_repository(listed: &str) -> OfRepository {
    let mut settings = OfRepository { version: "0".to_owned(), ..OfRepository::default() };
    for entry in listed.split('\0').filter(|entry| !entry.is_empty()) {
        // Git writes a key without a value by itself: it is true.
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        match key.strip_prefix("extensions.") {
            Some("worktreeconfig") => settings.has_configuration_of_work_tree = !is_off(value),
            Some(name) => {
                settings.fetches_objects |= name == "partialclone";
                settings.extensions.push((name.to_owned(), value.to_owned()));
            }
            None if key == "lfs.storage" => settings.lfs_storage = Some(value.to_owned()),
            None => value.clone_into(&mut settings.version),
        }
    }
    settings
}

/// Whether git reads this as false.
fn is_off(value: &str) -> bool {
    value.is_empty() || ["false", "no", "off", "0"].iter().any(|off| value.eq_ignore_ascii_case(off))
}

/// Reads `remote.NAME.url<line feed>ADDRESS<nul>`: the names that go with an address.
fn parse_remotes(listed: &str, address: &str) -> Vec<String> {
    let entries = listed.split('\0').filter_map(|entry| entry.split_once('\n'));
    let keys = entries.filter(|(_, value)| *value == address).map(|(key, _)| key);
    let names = keys.filter_map(|key| Some(key.strip_prefix("remote.")?.rsplit_once('.')?.0.to_owned()));
    names.collect()
}

/// An address as it can be shown: user information, query and fragment of a URL are left out. `git@host:path` stays,
/// since a password can't be written there.
pub(crate) fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{MessageSettings, parse_message_settings, parse_of_repository, parse_remotes, without_credentials};
    use crate::git::Repo;
    use crate::git::environment::Environment;
    use crate::process::Interrupt;
    use crate::tree::sandbox::Sandbox;

    /// The settings as libgit2 and as git tell them: both must change where one of them does.
    fn both(sandbox: &Sandbox) -> [Vec<u8>; 2] {
        let plain = Repo::discover_with(&sandbox.top(), Environment::default(), &Interrupt::default());
        let repos = [plain.expect("there is a repository"), sandbox.repo()];
        repos.map(|repo| repo.conversion_settings().expect("they are read"))
    }

    #[test]
    fn whatever_converts_files_is_told() {
        let sandbox = Sandbox::new();
        let (top, file) = (sandbox.top(), sandbox.top().join("attributes"));
        let changes: [(&str, &dyn Fn()); 8] = [
            ("core.autocrlf", &|| drop(sandbox.git(&["config", "core.autocrlf", "input"]))),
            ("core.eol", &|| drop(sandbox.git(&["config", "core.eol", "crlf"]))),
            ("a filter", &|| drop(sandbox.git(&["config", "filter.x.smudge", "cat"]))),
            ("its program", &|| drop(sandbox.git(&["config", "filter.x.smudge", "tac"]))),
            ("a name", &|| drop(sandbox.git(&["config", "filter.Y.process", "y"]))),
            ("info/attributes", &|| fs::write(top.join(".git/info/attributes"), "* eol=crlf").expect("it is ours")),
            ("a file", &|| {
                sandbox.git(&["config", "core.attributesFile", file.to_str().expect("it is UTF-8")]);
            }),
            ("its content", &|| fs::write(&file, "*.txt eol=crlf").expect("it is ours")),
        ];
        let mut before = both(&sandbox);
        for (what, change) in changes {
            assert_eq!(both(&sandbox), before);
            change();
            let after = both(&sandbox);
            assert!(after.iter().zip(&before).all(|(after, before)| after != before), "{what}");
            before = after;
        }
        sandbox.git(&["config", "user.name", "Another"]);
        assert_eq!(both(&sandbox), before);
    }

    #[track_caller]
    fn shown(address: &str, expected: &str) {
        assert_eq!(without_credentials(address), expected);
    }

    #[test]
    fn an_address_is_shown_without_secrets() {
        shown("https://user:token@example.org/a/b.git", "https://example.org/a/b.git");
        shown("https://oauth2:x@y@example.org:8443/a", "https://example.org:8443/a");
        shown("https://example.org/a?private_token=x#y", "https://example.org/a");
        shown("https://token@example.org", "https://example.org");
        shown("ssh://git@example.org/a", "ssh://example.org/a");
        shown("git@example.org:a/b@c.git", "git@example.org:a/b@c.git");
        shown("https://example.org/a@b", "https://example.org/a@b");
        shown("/srv/git/a.git", "/srv/git/a.git");
    }

    #[test]
    fn remotes_are_found_by_their_address() {
        let listed = "remote.origin.url\n/srv/a\0remote.my.fork/x.url\n/srv/b\0remote.two.pushurl\n/srv/a\0";
        assert_eq!(parse_remotes(listed, "/srv/a"), ["origin", "two"]);
        assert_eq!(parse_remotes(listed, "/srv/b"), ["my.fork/x"]);
        assert_eq!(parse_remotes(listed, "/srv"), Vec::<String>::new());
        assert_eq!(parse_remotes("", ""), Vec::<String>::new());
    }

    #[test]
    fn how_a_repository_is_kept_is_read() {
        let listed = "core.repositoryformatversion\n1\0extensions.objectformat\nsha256\0extensions.partialclone\norigin\0\
                      extensions.worktreeconfig\0lfs.storage\n/lfs\0lfs.storage\nbelow\0";
        let settings = parse_of_repository(listed);
        assert_eq!(settings.version, "1");
        let extensions = [("objectformat", "sha256"), ("partialclone", "origin")];
        assert_eq!(settings.extensions, extensions.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(settings.fetches_objects && settings.has_configuration_of_work_tree);
        assert_eq!(settings.lfs_storage.as_deref(), Some("below"));
        let settings = parse_of_repository("extensions.worktreeconfig\nfalse\0");
        assert_eq!((settings.version.as_str(), settings.has_configuration_of_work_tree), ("0", false));
    }

    #[test]
    fn the_last_setting_holds() {
        let listed =
            "core.commentchar\n;\0commit.cleanup\nscissors\0core.commentstring\n//\0commit.cleanup\nverbatim\0";
        let expected = MessageSettings { cleanup: Some("verbatim".into()), comment: Some("//".into()) };
        assert_eq!(parse_message_settings(listed), expected);
        assert_eq!(parse_message_settings(""), MessageSettings::default());
    }
}
