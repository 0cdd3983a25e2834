use super::*;

fn parse(line: &str) -> Result<Flags, FlagError> {
    let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    Flags::parse(&arguments)
}

#[test]
fn nothing_given_means_the_defaults_of_openssh() {
    let flags = parse("").unwrap();
    assert_eq!(flags, Flags::default());
    assert_eq!(flags.providers, "/usr/lib*/*,/usr/local/lib*/*");
    assert_eq!(flags.websafe, "ssh:*");
    assert!(flags.restrict_websafe);
}

#[test]
fn reads_every_flag() {
    let flags =
        parse("-TUD -a /s -E md5 -O no-restrict-websafe -Oallow-remote-pkcs11 -P /p/* -t1h -c")
            .unwrap();
    let expected = Flags {
        address: Some("/s".into()),
        allow_remote_pkcs11: true,
        fingerprint_hash: FingerprintHash::Md5,
        foreground: Some(Foreground::Quiet),
        keep_stale: true,
        lifetime: Some(Duration::from_secs(3600)),
        providers: "/p/*".to_owned(),
        restrict_websafe: false,
        shape: Some(Shape::C),
        temporary: true,
        ..Flags::default()
    };
    assert_eq!(flags, expected);
}

#[test]
fn last_of_repeated_values_counts() {
    let flags = parse("-a /x -a /y -t 1 -t 2 -E md5 -E sha256 -cc").unwrap();
    assert_eq!(flags.address, Some("/y".into()));
    assert_eq!(flags.lifetime, Some(Duration::from_secs(2)));
    assert_eq!(flags.fingerprint_hash, FingerprintHash::Sha256);
}

#[test]
fn cleaning_twice_means_every_host() {
    assert_eq!(parse("-u").unwrap().clean, Some(Scope::ThisHost));
    assert_eq!(parse("-uu").unwrap().clean, Some(Scope::EveryHost));
}

#[test]
fn flags_of_the_command_are_its_own() {
    let flags = parse("-t 5 ssh-add -c -k").unwrap();
    assert_eq!(flags.command, ["ssh-add", "-c", "-k"]);
    assert_eq!(flags.shape, None);
    assert_eq!(parse("-- -k").unwrap().command, ["-k"]);
}

#[test]
fn refuses_a_command_with_flags_that_have_no_use_for_it() {
    for flag in ["-c", "-s", "-k", "-d", "-D", "-u"] {
        let line = format!("{flag} true");
        assert!(
            matches!(parse(&line), Err(FlagError::Conflict(_))),
            "{line}"
        );
    }
    for flag in [
        "-T",
        "-U",
        "-a /s",
        "-t 1",
        "-E md5",
        "-P x",
        "-O websafe-allow=x",
    ] {
        let line = format!("{flag} true");
        assert!(parse(&line).is_ok(), "{line}");
    }
}

#[test]
fn refuses_flags_that_exclude_each_other() {
    for line in ["-cs", "-sc", "-dd", "-DD", "-dD", "-Dd"] {
        assert!(matches!(parse(line), Err(FlagError::Conflict(_))), "{line}");
    }
}

#[test]
fn refuses_values_that_mean_nothing() {
    for (line, error) in [
        ("-E sha1", FlagError::Hash("sha1".to_owned())),
        ("-t 1x", FlagError::Lifetime("1x".to_owned())),
        (
            "-O nonsense",
            FlagError::UnknownOption("nonsense".to_owned()),
        ),
        ("-P a -P b", FlagError::ProvidersTwice),
        (
            "-O websafe-allow=a -O websafe-allow=b",
            FlagError::WebsafeTwice,
        ),
    ] {
        assert_eq!(parse(line), Err(error), "{line}");
    }
}

fn parse_own(line: &str) -> Result<Flags, FlagError> {
    let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    Flags::parse_own(&arguments)
}

#[test]
fn idle_is_a_flag_of_keyward_alone() {
    let idle = |line| parse_own(line).unwrap().idle;
    assert_eq!(idle(""), None);
    assert_eq!(idle("--idle 30m"), Some(Some(Duration::from_secs(1800))));
    assert_eq!(
        idle("-D --idle=1h30m -a /s"),
        Some(Some(Duration::from_secs(5400)))
    );
    assert_eq!(idle("--idle never"), Some(None));
    assert_eq!(idle("--idle 0"), Some(None));
    for value in ["", "x", "-1", "Never", "1y"] {
        let error = Flags::parse_own(&["--idle".into(), value.into()]).unwrap_err();
        assert_eq!(error, FlagError::Idle(value.to_owned()));
    }
    for line in ["--idle 30m", "--idle=30m", "-I 30m"] {
        assert!(matches!(parse(line), Err(FlagError::Getopt(_))), "{line}");
    }
    assert!(parse_own("-I 30m").is_err());
}

#[test]
fn version_ends_the_reading() {
    assert!(parse("-V -x").unwrap().version);
    assert!(parse("-x -V").is_err());
}

#[test]
fn arguments_of_the_front_say_the_same() {
    for line in [
        "",
        "--idle never",
        "--idle 2h -O memory=locked",
        "-O memory=secret",
        "-E md5 -O no-restrict-websafe -O allow-remote-pkcs11 -O websafe-allow=ssh:*,x -P /a/* -t 1w",
    ] {
        let flags = parse_own(line).unwrap();
        assert_eq!(
            Flags::parse_own(&flags.to_arguments()).unwrap(),
            flags,
            "{line}"
        );
    }
}
