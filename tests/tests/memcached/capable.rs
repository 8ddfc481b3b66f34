//! libmemcached's conformance test, in both protocols.

use std::process::Command;

use polycache_tests::support::{Kind, Server, programs};

#[test]
fn memcapable_passes() {
    let server = Server::volatile(Kind::Polycache);
    let program = programs::on_path("memccapable");
    for protocol in ["-a", "-b"] {
        let output = Command::new(&program)
            .args(["-h", "127.0.0.1", "-p", &server.memcached_port.to_string(), protocol])
            .output()
            .expect("it starts");
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("All tests passed"), "{text}");
    }
}
