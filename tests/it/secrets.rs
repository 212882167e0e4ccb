//! Secrets: found in a change, in a tree and in all of history, and shown nowhere.

use std::fs;
use std::path::Path;

use crate::support::Repo;

/// Put together here, so that this file holds no secret itself.
fn secrets() -> [String; 3] {
    let body = "q7R2mK9xW4tB6nZ1vY8cL3pD5sF0hJ2gA7eU";
    [
        ["ghp", body].join("_"),
        ["zX9", "kQ4", "vM7", "tB2"].concat(),
        ["AGE-SECRET-KEY-1", &"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(2)[..58]].concat(),
    ]
}

fn files() -> Vec<(&'static str, String)> {
    let [token, password, key] = secrets();
    let long = format!("{}{token} ", "filler ".repeat(141));
    vec![
        ("token.py", format!("import os\ntoken = \"{token}\" \nassert (token, 'why {token}')\nbreakpoint()\n")),
        (
            "settings.env",
            format!("DB_PASSWORD={password} \nOTHER={password}\n<<<<<<< {password}\n=======\n>>>>>>> b\n"),
        ),
        ("key.txt", format!("one\r\n{key}\ntwo\n")),
        ("long.txt", long),
        ("data.json", format!("{{\"password\": \"{password}\", \"password\": \"{password}\",}}\n")),
    ]
}

/// Every file below a folder that holds one of these texts.
fn holders(folder: &Path, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holders(&path, texts));
        } else {
            let bytes = fs::read(&path).unwrap();
            let holds = |text: &String| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            if texts.iter().any(holds) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// What must stand nowhere: each secret, and half of each.
fn unwanted() -> Vec<String> {
    let secrets = secrets();
    let halves = secrets
        .iter()
        .flat_map(|secret| [secret[..secret.len() / 2].to_owned(), secret[secret.len() / 2..].to_owned()]);
    let halves = halves.filter(|half| half.len() >= 12 && !half.starts_with("AGE-SECRET"));
    secrets.iter().cloned().chain(halves).collect()
}

#[test]
fn no_format_no_cache_and_no_log_holds_a_secret() {
    let repo = Repo::new();
    for (path, text) in files() {
        repo.stage(&[(path, &text)]);
    }
    for n in 0..20 {
        repo.stage(&[(&format!("{n}.txt"), &format!("plain {n} \n"))]);
    }
    let reports = repo.beside("reports");
    fs::create_dir(&reports).unwrap();
    for format in ["terminal", "short", "sarif", "json", "markdown", "junit", "github", "gitlab"] {
        for what in ["--staged", "--all"] {
            let report = format!("{format}={}", reports.join(format).display());
            let ran = repo.tollgate(&["check", what, "-v", "--format", format, "--report", &report]).code(1);
            assert!(ran.text().contains("github-personal-token"), "{format}: {}", ran.text());
            for text in unwanted() {
                assert!(!ran.text().contains(&text), "{format} {what} shows {text}:\n{}", ran.text());
            }
        }
    }
    repo.tollgate(&["last"]).is_silent_on(&secrets()[0]).says("github-personal-token");
    assert_eq!(holders(&reports, &unwanted()), Vec::<String>::new());
    assert_eq!(holders(&repo.beside("home"), &unwanted()), Vec::<String>::new());
    // The search can find something.
    assert!(!holders(&repo.top(), &unwanted()).is_empty());
}

#[test]
fn a_hook_blocks_what_is_new_and_lets_alone_what_was_there() {
    let [token, password, _] = secrets();
    let repo = Repo::with(&[("a.py", &format!("token = \"{token}\"\n"))]);
    repo.stage(&[("a.py", &format!("# moved\n\ntoken = \"{token}\"\nx = 1\n"))]);
    repo.tollgate(&["check", "--staged"]).code(0);
    repo.stage(&[("a.py", &format!("token = \"{token}\"\npassword = \"{password}\"\n"))]);
    repo.tollgate(&["check", "--staged"]).code(1).says("[hardcoded-password]").says("1 new error");
}

#[test]
fn rules_can_be_chosen_left_out_and_given_levels() {
    let [token, password, _] = secrets();
    let repo = Repo::with(&[("a.py", &format!("a = \"{token}\"\npassword = \"{password}\"\n"))]);
    let short = |args: &[&str]| repo.tollgate(&[&["check", "--all", "--format", "short"], args].concat()).stdout;
    let count = |text: &str| {
        text.matches("[hardcoded-password]").count() * 10 + text.matches("[github-personal-token]").count()
    };
    assert_eq!(count(&short(&[])), 11);
    assert_eq!(count(&short(&["--only", "hardcoded-password"])), 10);
    assert_eq!(count(&short(&["--skip", "hardcoded-password"])), 1);
    assert_eq!(count(&short(&["--skip", "secrets"])), 0);
    repo.write("tollgate.toml", "[rules.levels]\nhardcoded-password = \"note\"\ngithub-personal-token = \"off\"\n");
    let text = short(&[]);
    assert_eq!(count(&text), 10);
    assert!(text.contains(": note: "), "{text}");
    repo.tollgate(&["explain", "github-personal-token"]).code(0).says("## Why it matters").says("CWE-798");
    repo.tollgate(&["rules", "list"]).code(0).says("github-personal-token").says("A password written into a file");
}

#[test]
fn a_private_key_is_reported_once() {
    let key =
        format!("-----BEGIN RSA PRIVATE {}-----\nMIIEowIBAAKCAQEAx2Kl9vQ3bT5yZ8wNpR4sG7hJ1mD6fE0cU9aXiVnLtQ\n", "KEY");
    let repo = Repo::with(&[("id", &key)]);
    let both = repo.tollgate(&["check", "--all", "--format", "short"]);
    assert_eq!(both.stdout.matches("private key").count(), 1, "{}", both.stdout);
    repo.tollgate(&["check", "--all", "--only", "secrets"]).code(1).says("[private-key]");
}

#[test]
fn history_names_the_newest_commit_that_added_each_content() {
    let [token, password, _] = secrets();
    let repo = Repo::with(&[("a.py", &format!("token = \"{token}\" \n"))]);
    repo.commit("move", &[("b.py", &format!("token = \"{token}\" \n")), ("a.py", "token = None\n")]);
    let moved = repo.git(&["rev-parse", "HEAD"]).stdout;
    repo.git(&["checkout", "-q", "-b", "side"]).code(0);
    repo.commit("other", &[("c.env", &format!("PASSWORD={password}\n"))]);
    repo.git(&["checkout", "-q", "main"]).code(0);
    repo.commit("gone", &[("b.py", "")]);
    let ran = repo.tollgate(&["check", "--history", "--format", "short"]).code(1);
    assert_eq!(ran.stdout.matches("[github-personal-token]").count(), 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("b.py:1:10: warning: ") || ran.stdout.contains("b.py:1:10: error: "), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("in commit {}", &moved[..10])), "{}", ran.stdout);
    assert!(ran.stdout.contains("c.env:1:10: error: "), "{}", ran.stdout);
    // Nothing but secrets is looked for.
    ran.is_silent_on("trailing-whitespace").is_silent_on(&token).is_silent_on(&password);
    repo.tollgate(&["check", "--all"]).is_silent_on("github-personal-token");
    repo.tollgate(&["check", "--history", "--only", "check-json"]).code(2).says("--history");
}

#[test]
fn awkward_content_is_looked_at_or_said() {
    let [token, password, _] = secrets();
    let repo = Repo::new();
    let line = format!("{} {token} {}", "password = x; ".repeat(200_000), "a1b2c3".repeat(200_000));
    repo.write("line.txt", line);
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(format!("a\r\nPASSWORD={password}\r\n").encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    repo.write("wide.env", wide);
    repo.write("crlf.env", format!("a=1\r\nPASSWORD={password}\r\n"));
    repo.write("image.bin", [&[0_u8; 40], token.as_bytes()].concat());
    repo.write("zero.py", format!("a = 1\0\ntoken = \"{token}\"\n"));
    repo.git(&["add", "."]).code(0);
    let ran = repo.tollgate(&["check", "--all", "--only", "secrets", "--format", "short"]).code(1);
    for expected in ["line.txt:1:", "wide.env:1:1: ", "line 2 of this UTF-16 text", "crlf.env:2:10: ", "zero.py:2:10: "]
    {
        assert!(ran.text().contains(expected), "no `{expected}` in:\n{}", ran.text());
    }
    ran.is_silent_on("image.bin").is_silent_on(&password).is_silent_on(&token);
}

#[test]
fn credentials_of_the_machine_are_read_only_when_asked_for_and_shown_nowhere() {
    // Made up.
    let key = ["z2rpgs5uit782eapz5l1", "z0y2lurtsyyk6hcfozlb"].concat();
    let line = format!("fold = {key} \n");
    let repo = Repo::with(&[("README.md", "Notes.\n")]);
    repo.stage(&[("notes.txt", &line)]);
    for n in 0..20 {
        repo.stage(&[(&format!("{n}.txt"), &format!("plain {n}\n"))]);
    }
    let check = ["check", "--staged", "--only", "detect-aws-credentials"];
    repo.tollgate(&check).code(3).says("no AWS keys were found");
    repo.tollgate(&["builtin", "detect-aws-credentials", "notes.txt"]).code(2).says("no AWS keys were found");
    repo.tollgate(&["builtin", "detect-aws-credentials", "--allow-missing-credentials", "notes.txt"]).code(0);

    let folder = repo.beside("home/.aws");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("credentials"), format!("[default]\naws_secret_access_key = {key}\n")).unwrap();
    repo.tollgate(&check).code(1).says("notes.txt").says("an AWS credential of this machine").is_silent_on(&key);
    let builtin = ["builtin", "detect-aws-credentials", "notes.txt"];
    let shown = format!("AWS secret found in notes.txt: {}", "z2rp************************");
    repo.tollgate(&builtin).code(1).says(&shown).is_silent_on(&key);
    // With other checks that quote the line, and a cache.
    let all = ["check", "--staged", "--only", "hygiene", "--only", "detect-aws-credentials", "--format", "json"];
    repo.tollgate(&all).code(1).says("trailing-whitespace").is_silent_on(&key);
    assert_eq!(holders(&repo.beside("home/.cache"), std::slice::from_ref(&key)), [""; 0]);

    // What was found with them is not remembered.
    fs::write(folder.join("credentials"), "[default]\naws_secret_access_key = another-one\n").unwrap();
    repo.tollgate(&check).code(0);
}
