//! Over the network: several connections, on several workers, of one server.

use std::sync::Barrier;

use polycache_tests::linearizability::{Answer, Recorder, Register, Request, Verdict, check};
use polycache_tests::support::{Kind, Server, ServerOptions};

const CONNECTIONS: u64 = 4;
const ROUNDS: u64 = 60;
const REQUESTS: u64 = 60;

#[test]
fn several_connections_while_it_saves() {
    let options = ServerOptions::new().flag("save", "").flag("io-threads", 2);
    let server = Server::start(Kind::Polycache, options);
    let mut administrator = server.client();
    for round in 0..ROUNDS {
        // An error means that one is under way: as good.
        administrator.say("BGSAVE");
        let recorder = Recorder::default();
        let start = Barrier::new(CONNECTIONS as usize);
        std::thread::scope(|scope| {
            for connection in 0..CONNECTIONS {
                let (recorder, server, start) = (&recorder, &server, &start);
                scope.spawn(move || {
                    let mut client = server.client();
                    let mut random = fastrand::Rng::with_seed(round * CONNECTIONS + connection);
                    let mut lane = recorder.lane();
                    start.wait();
                    for number in 0..REQUESTS {
                        let unique = number * CONNECTIONS + connection;
                        let request = Request::random_of_several(&mut random, 3, unique);
                        lane.record(request, |request| {
                            Answer::from_reply(&client.call(&request.command(|key| format!("{round}:{key}"))))
                        });
                    }
                });
            }
        });
        let history = recorder.into_history();
        let verdict = check(&Register, &history);
        assert_eq!(verdict, Verdict::Linearizable, "round {round}: {history:#?}");
    }
}
