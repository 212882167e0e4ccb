//! What the user's and the repository's configuration says.

use std::path::PathBuf;

use git2::ConfigLevel;

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

/// A key of the configuration with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Whether it is the repository's own, or the work tree's; else the user's or the system's.
    pub(crate) is_own: bool,
    /// The key, all but what stands between its dots in small letters.
    pub(crate) key: String,
    /// The value as it is written.
    pub(crate) value: String,
}

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

    /// The whole configuration, what files include in its place; of what is set more than once the last one holds.
    pub(crate) fn all_settings(&self) -> Result<Vec<Setting>, Error> {
        if let Some(Ok(known)) = self.known_to_library(listed) {
            return Ok(known);
        }
        let args = ["config", "--null", "--list", "--show-scope"];
        Ok(parse_scoped(&String::from_utf8_lossy(&self.run(&args, b"")?)))
    }

    /// The same without what holds only in this repository.
    pub(crate) fn settings_elsewhere(&self) -> Result<Vec<Setting>, Error> {
        if let Some(Ok(known)) = self.known_to_library(|_| listed(&git2::Config::open_default()?)) {
            return Ok(known);
        }
        let args = ["--git-dir=/dev/null", "config", "--null", "--list", "--show-scope"];
        Ok(parse_scoped(&String::from_utf8_lossy(&self.run(&args, b"")?)))
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

/// What libgit2 says of all settings.
fn listed(settings: &git2::Config) -> Result<Vec<Setting>, git2::Error> {
    let mut listed = Vec::new();
    settings.entries(None)?.for_each(|entry| {
        let value = if entry.has_value() { entry.value_bytes() } else { b"true" };
        listed.push(Setting {
            is_own: matches!(entry.level(), ConfigLevel::Local | ConfigLevel::Worktree),
            key: String::from_utf8_lossy(entry.name_bytes()).into_owned(),
            value: String::from_utf8_lossy(value).into_owned(),
        });
    })?;
    Ok(listed)
}

/// Reads `SCOPE<nul>KEY<line feed>VALUE<nul>`. What was said on git's own command line is left out.
fn parse_scoped(listed: &str) -> Vec<Setting> {
    let fields: Vec<&str> = listed.split('\0').collect();
    let entries = fields.chunks_exact(2).filter_map(|entry| entry.first().zip(entry.last()));
    let settings = entries.filter(|(scope, _)| **scope != "command").map(|(scope, entry)| {
        // Git writes a key without a value by itself: it is true.
        let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
        let is_own = ["local", "worktree"].contains(scope);
        Setting { is_own, key: key.to_owned(), value: value.to_owned() }
    });
    settings.collect()
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

    use super::{MessageSettings, Setting, parse_message_settings, parse_remotes, parse_scoped, without_credentials};
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
    fn the_whole_configuration_is_listed() {
        let sandbox = Sandbox::new();
        let more = sandbox.folder().join("more");
        fs::write(&more, "[user]\n\tname = Included\n[a \"B.c\"]\n\tflag\n").expect("it is ours");
        let condition =
            format!("includeIf.gitdir:{}/.path", sandbox.folder().canonicalize().expect("it is there").display());
        for (key, value) in [(condition.as_str(), more.to_str().expect("it is UTF-8")), ("x.y", "1"), ("x.y", "2")] {
            sandbox.git(&["config", "--add", key, value]);
        }
        let plain = Repo::discover_with(&sandbox.top(), Environment::default(), &Interrupt::default());
        let told = plain.expect("there is a repository").all_settings().expect("it is read");
        let said = sandbox.git(&["config", "--null", "--list", "--show-scope"]);
        let own = |settings: Vec<Setting>| settings.into_iter().filter(|setting| setting.is_own).collect::<Vec<_>>();
        let (told, said) = (own(told), own(parse_scoped(&said)));
        assert_eq!(told, said);
        let values =
            |key: &str| told.iter().filter(|one| one.key == key).map(|one| one.value.clone()).collect::<Vec<_>>();
        assert_eq!((values("a.B.c.flag"), values("x.y")), (vec!["true".to_owned()], vec!["1".into(), "2".into()]));
        assert!(values("user.name").contains(&"Included".to_owned()));
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
