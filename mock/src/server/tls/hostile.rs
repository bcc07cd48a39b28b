//! Hostile files in PEM, each in its place beside honest ones: an identity, or a mistake that names the file.

use super::Identity;
use crate::spec::TlsFiles;
use std::fs;

/// Made for this test alone; nobody trusts it.
const CERTIFICATE: &[u8] = b"\
-----BEGIN CERTIFICATE-----\n\
MIIBjDCCATGgAwIBAgIUT3PKzVeyh8bpBAJqmtbVrYpOescwCgYIKoZIzj0EAwIw\n\
DzENMAsGA1UEAwwEbW9jazAgFw0yNjExMjQwNzQ2MzZaGA8yMTI2MTAzMTA3NDYz\n\
NlowDzENMAsGA1UEAwwEbW9jazBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCCL\n\
Ffx+QndDJBc4ruKhPNfNDDkmMZ1cuadKWRveuFdDaplAalKAg6ByvEFb921RZ2rd\n\
mtfOWqykAde9qBDuTbajaTBnMB0GA1UdDgQWBBS/eftPQOEEBcLGkXGPS6l0JPTa\n\
hDAfBgNVHSMEGDAWgBS/eftPQOEEBcLGkXGPS6l0JPTahDAPBgNVHRMBAf8EBTAD\n\
AQH/MBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAKBggqhkjOPQQDAgNJADBGAiEA+g75\n\
7ysDTA4FI/dQfAEzQ4Akp7BasUL/SF/TuuYP4M8CIQCop3zZtzOLLvA93X1iOcBV\n\
o4ps5kqbOtyiiOJK+jjnkg==\n\
-----END CERTIFICATE-----\n";

/// The key of that certificate.
const KEY: &[u8] = b"\
-----BEGIN PRIVATE KEY-----\n\
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQge3SneUXvtoOL3+Jr\n\
8xIwILX4mpsLa3/uM/4zMvAn2YyhRANCAAQgixX8fkJ3QyQXOK7ioTzXzQw5JjGd\n\
XLmnSlkb3rhXQ2qZQGpSgIOgcrxBW/dtUWdq3ZrXzlqspAHXvagQ7k22\n\
-----END PRIVATE KEY-----\n";

#[test]
fn a_hostile_file_in_pem_is_used_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let honest = [
        ("a.pem", CERTIFICATE),
        ("a.key", KEY),
        ("ca.pem", CERTIFICATE),
    ];
    let files = TlsFiles {
        certificate: path("a.pem"),
        key: path("a.key"),
        client_ca: Some(path("ca.pem")),
    };
    for (name, content) in honest {
        fs::write(path(name), content).unwrap();
    }
    assert!(Identity::from_files(&files).is_ok());

    for (name, content) in honest {
        inferometer_fuzz::hold(&[content], |pem| {
            fs::write(path(name), pem).unwrap();
            if let Err(error) = Identity::from_files(&files) {
                let told = error.to_string();
                assert!(told.contains(&format!("{name}`")), "{told}");
                assert!(!told.contains(char::is_control), "{told:?}");
            }
        });
        fs::write(path(name), content).unwrap();
    }
}
