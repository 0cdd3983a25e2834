//! Keys on paper, read back as they are typed, scanned and photographed; and by zbar, a reader of QR codes that is not ours.

use std::{fs, os::unix::fs::PermissionsExt};

use keyward_tests::{CheapVault, Key, KeyKind, Run, Terminal};

const SECRET: &str = "a passphrase for paper";

/// A vault with a key called `github`.
fn holding(key: &Key) -> CheapVault {
    let vault = CheapVault::new();
    vault.home().write("secret", SECRET);
    let mut import = vault.keyward("import --name github");
    import.arg(&key.path).succeeds();
    vault
}

/// The recovery code that was shown.
fn shown_code(stdout: &str) -> String {
    let code = stdout.lines().find(|line| line.matches('-').count() == 6);
    code.expect("a code").trim().to_owned()
}

/// Renders a page with 200 dots per inch and returns the name of the picture.
fn rendered(vault: &CheapVault, more: &[&str]) -> String {
    let mut render = vault.home().command("pdftoppm");
    render
        .args(["-r", "200", "-gray", "-singlefile"])
        .args(more);
    render.args(["page.pdf", "page"]).succeeds();
    match more.contains(&"-jpeg") {
        true => "page.jpg".to_owned(),
        false => "page.png".to_owned(),
    }
}

/// A new vault, and what it says to the import of `files` of another one.
fn imported(from: &CheapVault, files: &[&str], secret: &str) -> (CheapVault, String) {
    let vault = CheapVault::new();
    vault.home().write("secret", secret);
    let mut import = vault.keyward("import --key-passphrase-file");
    import.arg("secret");
    for file in files {
        import.arg(from.home().path(file));
    }
    let said = import.succeeds().stdout;
    (vault, said)
}

#[test]
fn a_key_comes_back_from_its_lines_with_what_limits_its_use() {
    let key = Key::plain(KeyKind::Ed25519);
    let vault = holding(&key);
    vault
        .keyward("edit github --confirm --lifetime 8h --notes private --comment me@home")
        .succeeds();
    let said = vault
        .keyward("backup paper github --out github.txt --label safe --new-passphrase-file secret")
        .succeeds();
    assert_eq!((&*said.stdout, &*said.stderr), ("", "Wrote github.txt.\n"));
    let page = vault.text("github.txt");
    let mode = vault
        .home()
        .path("github.txt")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert!(page.starts_with("# A private SSH key on paper\n"), "{page}");
    assert!(
        page.contains(&key.fingerprint()) && page.contains("# safe\n"),
        "{page}"
    );
    for hidden in ["github", "private\n", "me@home", "8h"] {
        assert!(!page.contains(hidden), "{hidden}: {page}");
    }
    let (back, said) = imported(&vault, &["github.txt"], SECRET);
    assert!(said.contains(": imported as github (SHA256:"), "{said}");
    let listed = back.json("list");
    assert_eq!(listed[0]["fingerprint"], key.fingerprint());
    assert_eq!(listed[0]["comment"], "me@home");
    assert_eq!(listed[0]["constraints"]["confirm"], true);
    assert_eq!(listed[0]["constraints"]["lifetime"], 28_800);
    let again = back.home().write("again.txt", &page);
    let mut import = back.keyward("import --key-passphrase-file secret");
    let said = import.arg(again).succeeds().stdout;
    assert!(said.contains("already there as github"), "{said}");
}

#[test]
fn all_wrong_lines_of_a_page_are_named() {
    let vault = holding(&Key::plain(KeyKind::Ed25519));
    vault
        .keyward("backup paper github --out page.txt --recovery")
        .succeeds();
    let page = vault.text("page.txt");
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with('0')).collect();
    let mut typed: Vec<String> = lines.iter().map(|line| line.to_lowercase()).collect();
    let last = typed[4].pop().unwrap();
    typed[4].push(if last == 'x' { 'y' } else { 'x' });
    typed.swap(7, 9);
    typed.remove(2);
    vault.home().write("typed.txt", typed.join("\n"));
    let said = vault.keyward("import typed.txt").exits(1).stderr;
    let fact = "error: typed.txt: line 005: a symbol is wrong, or two changed places: its last two symbols do not agree; \
                line 003 is missing\nhint: compare these lines";
    assert!(said.starts_with(fact), "{said}");
    vault
        .home()
        .write("wrong", "0000-0000-0000-0000-0000-0000-0000");
    let said = vault
        .keyward("import page.txt --key-passphrase-file wrong")
        .exits(1)
        .stderr;
    assert!(
        said.starts_with("error: page.txt: this secret does not open the paper\nhint: "),
        "{said}"
    );
}

#[test]
fn pages_of_all_lengths_are_read_from_scans_and_by_zbar() {
    for (kind, codes) in [
        (KeyKind::Ed25519, 1),
        (KeyKind::EcdsaP521, 1),
        (KeyKind::Rsa4096, 3),
    ] {
        let key = Key::plain(kind);
        let vault = holding(&key);
        let said = vault
            .keyward("backup paper github --out page.pdf --recovery")
            .succeeds();
        let code = shown_code(&said.stdout);
        assert!(
            !String::from_utf8_lossy(&fs::read(vault.home().path("page.pdf")).unwrap())
                .contains(&code)
        );
        for more in [&["-png"][..], &["-jpeg"]] {
            let picture = rendered(&vault, more);
            let (back, _) = imported(&vault, &[&picture], &code);
            assert_eq!(back.json("list")[0]["fingerprint"], key.fingerprint());
        }
        let mut zbar = vault.home().command("zbarimg");
        zbar.args([
            "--quiet",
            "--raw",
            "-Sdisable",
            "-Sqrcode.enable",
            "page.png",
        ]);
        let read = zbar.succeeds().stdout;
        assert_eq!(read.lines().count(), codes, "{read}");
        vault.home().write("zbar.txt", read);
        let (back, _) = imported(&vault, &["zbar.txt"], &code);
        assert_eq!(back.json("list")[0]["fingerprint"], key.fingerprint());
    }
}

#[test]
fn codes_may_be_photographed_one_by_one() {
    let key = Key::plain(KeyKind::Rsa4096);
    let vault = holding(&key);
    let said = vault
        .keyward("backup paper github --out page.pdf --recovery")
        .succeeds();
    let code = shown_code(&said.stdout);
    // Two strips of the page, of which the first shows one code and the second two.
    for (name, left, width) in [("left.png", "90", "500"), ("right.png", "590", "1064")] {
        let picture = rendered(
            &vault,
            &["-png", "-x", left, "-y", "200", "-W", width, "-H", "760"],
        );
        fs::rename(vault.home().path(&picture), vault.home().path(name)).unwrap();
    }
    let said = vault.keyward("import right.png").exits(1).stderr;
    assert!(said.contains("QR codes 1 of 3 are missing"), "{said}");
    let (back, _) = imported(&vault, &["right.png", "left.png"], &code);
    assert_eq!(back.json("list")[0]["fingerprint"], key.fingerprint());
    vault.home().write(
        "none.png",
        fs::read(vault.home().path("left.png"))
            .unwrap()
            .get(..99)
            .unwrap(),
    );
    let said = vault.keyward("import none.png").exits(1).stderr;
    assert!(
        said.starts_with("error: none.png is no picture that can be read: "),
        "{said}"
    );
}

#[test]
fn a_page_is_not_written_where_it_cannot_be() {
    let vault = holding(&Key::plain(KeyKind::Ed25519));
    let paper = |words: &str| vault.keyward(&format!("backup paper {words}"));
    vault.home().write("mine.pdf", "mine");
    let said = paper("github --recovery --out mine.pdf").exits(1).stderr;
    assert!(
        said.starts_with("error: mine.pdf is there already\n"),
        "{said}"
    );
    paper("nobody --recovery").exits(1);
    paper("github --format png").exits(64);
    paper("github --recovery --new-passphrase-file secret").exits(64);
    let said = paper("github --out x.pdf").exits(1).stderr;
    assert!(said.contains("--new-passphrase-file FILE"), "{said}");
    let mut label = paper("github --recovery --out x.pdf");
    label.args(["--label", "\u{1f511}"]).exits(1);
    assert!(!vault.home().path("x.pdf").exists());
    // Without a name it is called by the fingerprint, which says no more than the page.
    vault.keyward("generate other").succeeds();
    let said = paper("github other --recovery --format svg").succeeds();
    assert_eq!(
        said.stderr.matches("Wrote key-").count(),
        2,
        "{}",
        said.stderr
    );
}

#[test]
fn a_recovery_code_of_a_page_is_typed_back_and_asked_for() {
    let key = Key::plain(KeyKind::Ed25519);
    let vault = holding(&key);
    let mut terminal =
        Terminal::run(&vault.keyward("backup paper github --out page.txt --recovery"));
    let shown = terminal.expects("Type the fifth group of it: ");
    let code = shown_code(&shown.replace('\r', ""));
    terminal.types(code.split('-').nth(4).unwrap());
    terminal.expects("Wrote page.txt.");
    terminal.exits(0);
    vault.keyward("remove github").succeeds();
    let mut terminal = Terminal::run(&vault.keyward("import page.txt"));
    terminal.expects("Recovery code for page.txt: ");
    terminal.types_hidden("wrong");
    terminal.expects("Wrong. Recovery code for page.txt: ");
    terminal.types_hidden(&code.to_lowercase());
    terminal.exits(0);
    assert_eq!(vault.names(), ["github"]);
}

#[test]
fn nothing_is_shown_or_asked_before_the_pages_can_be_written() {
    let vault = CheapVault::new();
    vault.keyward("generate one").succeeds();
    let paper = |words: &str| vault.keyward(&format!("backup paper one --recovery {words}"));
    let said = paper("--out missing/page.txt").exits(1);
    assert!(!said.stdout.contains("Recovery code"), "{said:?}");
    let said = paper("--out page.png").exits(1).stderr;
    assert!(
        said.contains("there is no page of format \"png\""),
        "{said}"
    );
    assert!(!vault.home().path("page.png").exists());
    paper("--out page.svg").succeeds();
    let said = vault.keyward("import page.svg").exits(1).stderr;
    assert!(said.contains("PNG, JPEG"), "{said}");
}

#[test]
fn several_keys_are_several_pages_in_a_folder() {
    let vault = CheapVault::new();
    for name in ["one", "two"] {
        vault.keyward(&format!("generate {name}")).succeeds();
    }
    fs::create_dir(vault.home().path("pages")).unwrap();
    vault.home().write("secret", SECRET);
    vault
        .keyward("backup paper one two --out pages --format txt --new-passphrase-file secret")
        .succeeds();
    let pages = fs::read_dir(vault.home().path("pages")).unwrap().count();
    assert_eq!(pages, 2);
}
