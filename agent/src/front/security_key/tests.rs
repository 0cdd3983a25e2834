use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha512};

use super::*;
use crate::front::prompt::Environment;
use crate::front::provider::AllowedProviders;
use crate::front::test_runtime::run;
use crate::protocol::wire::Writer;

/// OpenSSH's authenticator made of software, of the package `openssh-tests`.
const DUMMY: &str = "/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so";

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output.stdout
}

/// Makes a key with the dummy authenticator and returns its private fields and its public blob.
fn dummy_key(folder: &Path, kind: &str) -> (Vec<u8>, Vec<u8>) {
    assert!(
        Path::new(DUMMY).exists(),
        "{DUMMY} is missing: install openssh-tests"
    );
    let file = folder.join("key");
    output(
        Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-C", "me", "-t", kind, "-f"])
            .arg(&file)
            .env("SSH_SK_PROVIDER", DUMMY),
    );
    let decode = |script| {
        output(
            Command::new("/bin/sh")
                .args(["-c", script])
                .env("FILE", &file),
        )
    };
    let private = decode(r#"grep -v - "$FILE" | base64 -d"#);
    let public = decode(r#"cut -d ' ' -f 2 "$FILE.pub" | base64 -d"#);
    (private_fields(&private), public)
}

/// Takes from a key file what an agent is sent: all from the type's name up to the comment.
fn private_fields(file: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(file);
    reader.bytes(b"openssh-key-v1\0".len()).unwrap();
    for _cipher_derivation_options in 0..3 {
        reader.string().unwrap();
    }
    assert_eq!(reader.uint32().unwrap(), 1);
    reader.string().unwrap();
    let mut reader = Reader::new(reader.string().unwrap());
    reader.bytes(8).unwrap();
    let start = reader.rest();
    if reader.string().unwrap() == b"sk-ecdsa-sha2-nistp256@openssh.com" {
        reader.string().unwrap();
    }
    for _public_application in 0..2 {
        reader.string().unwrap();
    }
    reader.byte().unwrap();
    for _handle_reserved in 0..2 {
        reader.string().unwrap();
    }
    start[..start.len() - reader.rest().len()].to_vec()
}

/// Writes an executable shell script with the help of another process, which keeps no write open.
fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    let program = folder.join(name);
    output(
        Command::new("/bin/sh")
            .args([
                "-c",
                r#"printf %s "$TEXT" > "$PROGRAM" && chmod 700 "$PROGRAM""#,
            ])
            .env("TEXT", format!("#!/bin/sh\ncd {folder:?}\n{body}\n"))
            .env("PROGRAM", &program),
    );
    program
}

fn prompter(askpass: Option<PathBuf>) -> Prompter {
    Prompter::from_environment(&Environment::from_variables(|name| match name {
        "SSH_ASKPASS" => askpass.clone().map(OsString::from),
        "SSH_ASKPASS_REQUIRE" => Some("force".into()),
        _ => None,
    }))
}

/// Fields that pass for a key wherever no real helper looks at them.
fn fields() -> Vec<u8> {
    let mut fields = Vec::new();
    fields.put_string(b"sk-ssh-ed25519@openssh.com");
    fields
}

fn key<'a>(key_bytes: &'a [u8], provider: &'a Provider) -> SecurityKey<'a> {
    SecurityKey {
        key_bytes,
        provider,
        fingerprint: "SHA256:abc",
        presence: true,
        destination: None,
    }
}

/// The fields that an SSHSIG and the data signed for it share (`PROTOCOL.sshsig`).
fn namespace() -> Vec<u8> {
    let mut fields = Vec::new();
    fields.put_string(b"file");
    fields.put_string(b"");
    fields.put_string(b"sha512");
    fields
}

/// Has OpenSSH itself judge the signature blob over `message`.
fn verify(folder: &Path, public: &[u8], blob: &[u8], message: &str) {
    let mut signature = b"SSHSIG\0\0\0\x01".to_vec();
    signature.put_string(public);
    signature.extend(namespace());
    signature.put_string(blob);
    let file = folder.join("signature");
    fs::write(&file, signature).unwrap();
    let script = r#"
        (echo "-----BEGIN SSH SIGNATURE-----"; base64 -w 70 "$FILE"
         echo "-----END SSH SIGNATURE-----") > "$FILE.sig"
        printf %s "$MESSAGE" | ssh-keygen -Y check-novalidate -n file -s "$FILE.sig""#;
    output(
        Command::new("/bin/sh")
            .args(["-c", script])
            .env("MESSAGE", message)
            .env("FILE", file),
    );
}

fn signs_and_verifies(kind: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (key_bytes, public) = dummy_key(folder.path(), kind);
    let mut data = b"SSHSIG".to_vec();
    data.extend(namespace());
    data.put_string(&Sha512::digest(b"message"));
    let signed = run(async {
        let provider = AllowedProviders::default().find(DUMMY).await.unwrap();
        let key = key(&key_bytes, &provider);
        Signer::new(None).sign(&key, &data, &prompter(None)).await
    });
    verify(folder.path(), &public, &signed.unwrap(), "message");
}

#[test]
fn signs_with_an_ed25519_key_on_an_authenticator() {
    signs_and_verifies("ed25519-sk");
}

#[test]
fn signs_with_an_ecdsa_key_on_an_authenticator() {
    signs_and_verifies("ecdsa-sk");
}

#[test]
fn missing_authenticator_is_told_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let (key_bytes, _public) = dummy_key(folder.path(), "ed25519-sk");
    let result = run(async {
        let key = key(&key_bytes, &Provider::Internal);
        Signer::new(None).sign(&key, b"data", &prompter(None)).await
    });
    // SSH_ERR_DEVICE_NOT_FOUND
    assert!(
        matches!(result, Err(SecurityKeyError::Refused(60))),
        "{result:?}"
    );
}

/// Signs with a helper and an askpass that are shell scripts in `folder`.
async fn sign(folder: &Path, helper: &str, askpass: &str) -> Result<Vec<u8>, SecurityKeyError> {
    let helper = script(folder, "helper", helper);
    let askpass = script(folder, "askpass", askpass);
    let signer = Signer::new(Some(helper.into()));
    let key_bytes = fields();
    let key = key(&key_bytes, &Provider::Internal);
    signer.sign(&key, b"data", &prompter(Some(askpass))).await
}

/// Reads one request and keeps it in a file.
const TAKE: &str = "take() { head -c $(head -c 4 | od -An -tu4 --endian=big) > \"$1\"; }\n";

/// Wants a PIN at first and then gives the answer in the file `answer`.
const WANTS_PIN: &str = r#"if mkdir asked 2> /dev/null; then
    take first; printf '\0\0\0\011\005\0\0\0\0\0\0\0\053'
else
    take second; cat answer
fi"#;

#[test]
fn asks_for_a_pin_once_and_tries_again_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut answer = vec![5, 0, 0, 0, 1];
    answer.put_string(&fields());
    let mut framed = Vec::new();
    framed.put_string(&answer);
    fs::write(folder.path().join("answer"), framed).unwrap();

    let askpass = r#"[ "$SSH_ASKPASS_PROMPT" = none ] && exec sleep 100
        printf %s "$1" > question; echo 1234"#;
    let signed = run(sign(folder.path(), &format!("{TAKE}{WANTS_PIN}"), askpass));

    assert_eq!(signed.unwrap(), fields());
    let read = |name| fs::read(folder.path().join(name)).unwrap();
    assert!(read("first").ends_with(b"\0\0\0\0\0\0\0\0"));
    assert!(read("second").ends_with(b"\0\0\0\0\0\0\0\x041234"));
    assert_eq!(
        read("question"),
        b"Enter PIN and confirm user presence for ED25519-SK key SHA256:abc: "
    );
}

#[test]
fn second_wrong_pin_is_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let helper =
        format!(r"{TAKE}take x; echo x >> runs; printf '\0\0\0\011\005\0\0\0\0\0\0\0\053'");
    let result = run(sign(folder.path(), &helper, "echo 1234"));
    assert!(
        matches!(result, Err(SecurityKeyError::WrongPin)),
        "{result:?}"
    );
    assert_eq!(fs::read(folder.path().join("runs")).unwrap(), b"x\nx\n");
}

#[test]
fn without_a_pin_nothing_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let helper = format!("{TAKE}{WANTS_PIN}");
    let result = run(sign(folder.path(), &helper, "exit 1"));
    assert!(matches!(result, Err(SecurityKeyError::NoPin)), "{result:?}");
    assert!(!folder.path().join("second").exists());
}

#[test]
fn helper_that_dies_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let result = run(sign(folder.path(), "exit 1", "exit 0"));
    assert!(matches!(result, Err(SecurityKeyError::Io(_))), "{result:?}");
}

#[test]
fn helper_that_announces_too_much_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let helper = format!(r"{TAKE}take x; printf '\377\377\377\377'; exec sleep 100");
    let result = run(sign(folder.path(), &helper, "exit 0"));
    assert!(
        matches!(result, Err(SecurityKeyError::Malformed(_))),
        "{result:?}"
    );
}

#[test]
fn helper_that_fails_after_its_answer_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut answer = vec![5, 0, 0, 0, 1];
    answer.put_string(&fields());
    let mut framed = Vec::new();
    framed.put_string(&answer);
    fs::write(folder.path().join("answer"), framed).unwrap();
    let helper = format!("{TAKE}take x; cat answer; exit 3");
    let result = run(sign(folder.path(), &helper, "exit 0"));
    assert!(
        matches!(result, Err(SecurityKeyError::Ended(_))),
        "{result:?}"
    );
}

#[test]
fn key_of_another_type_is_not_tried() {
    let mut fields = Vec::new();
    fields.put_string(b"ssh-ed25519");
    let key = key(&fields, &Provider::Internal);
    let result = run(async { Signer::new(None).sign(&key, b"data", &prompter(None)).await });
    assert!(matches!(result, Err(SecurityKeyError::KeyType)));
}

#[test]
fn touch_is_announced_while_the_helper_runs_and_both_end_when_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| {
        let text = fs::read_to_string(folder.path().join(name)).ok();
        text.filter(|text| text.ends_with('\n'))
    };
    run(async {
        let helper = "echo $$ > helper.pid; exec sleep 100";
        let askpass = r#"echo "$1" > notice; echo $$ > askpass.pid; exec sleep 100"#;
        let shown = wait(|| Some((read("helper.pid")?, read("askpass.pid")?)));
        let (helper, askpass) = tokio::select! {
            result = sign(folder.path(), helper, askpass) => panic!("ended with {result:?}"),
            shown = shown => shown,
        };
        let notice = "Confirm user presence for key ED25519-SK SHA256:abc\n";
        assert_eq!(read("notice").unwrap(), notice);
        for process in [helper, askpass] {
            let status = format!("/proc/{}/stat", process.trim());
            wait(|| {
                let status = fs::read_to_string(&status).unwrap_or_default();
                (status.is_empty() || status.contains(") Z ")).then_some(())
            })
            .await;
        }
    });
}

async fn wait<T>(mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "never came");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
