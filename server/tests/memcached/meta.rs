//! The meta commands, byte by byte against memcached.

use crate::oracle::compare;

fn scripts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn getting_and_setting() {
    compare(&scripts(&[
        "mn\r\nmn foo\r\nmg\r\nmg a\r\nmg a v\r\nmg a q\r\nmg a q k O1\r\nmg a k O1\r\nmn\r\n",
        "ms a 2 c T0 F5\r\nhi\r\nmg a s v f t c h l k O123\r\nmg a h l t\r\nmg a q k O1\r\nget a\r\ngets a\r\n",
        "set a 7 0 3\r\nabc\r\nmg a s v f t h k O123\r\nmg a h l t u\r\nmg a h u\r\nmg a h\r\n",
        "set a 7 100 3\r\nabc\r\nmg a t\r\nmg a T50 t\r\nmg a t T30\r\nmg a t\r\nmg a T0 t\r\nmg a T-1 v\r\nmg a\r\n",
        "ms a S2 T0\r\nhi\r\nms a\r\nms a x\r\nmn\r\n",
        "ms a 2 C1\r\nhi\r\nms a 2\r\nhi\r\nms a 2 C1\r\nhi\r\nms a 2 C0\r\nhi\r\nms a 2 Cx\r\nhi\r\nmn\r\n",
        "ms a 2 k c O9\r\nhi\r\nms a 2 q\r\nhi\r\nms a 2 q k ME\r\nxx\r\nms b 2 MR O1 k\r\nxx\r\nmn\r\n",
        "ms a 2 ME\r\nhi\r\nms a 2 ME\r\nhi\r\nms a 2 MA\r\nyz\r\nms a 2 MP\r\nwx\r\nmg a v\r\nms a 1 MR\r\nr\r\nms a 1 MS\r\ns\r\nmg a v\r\n",
        "ms a 2 MX\r\nhi\r\nms a 2 Mabc\r\nhi\r\nms a 2 M\r\nhi\r\nms b 2 F\r\nhi\r\nmn\r\n",
        "ms a 3\r\nabcd\r\nmn\r\nms a 3 k O1 q\r\nabcd\r\nmn\r\nms a -1\r\nmn\r\n",
        "ms a 2 T-1\r\nhi\r\nmg a t v\r\nms a 2 F4294967295\r\nhi\r\nmg a f v\r\n",
        "ms a 0\r\n\r\nmg a v s\r\n mg a v\r\nmg  a  v  s \r\n",
        "ms a 2 v t h l I P L\r\nhi\r\nmg a P L I\r\nmg a D1 J1 MX F3\r\n",
        "ms a 2 C5 ME\r\nhi\r\nms a 2 C5 ME\r\nhi\r\nms a 2 C5 MA\r\nhi\r\nms b 2 C5 MR\r\nhi\r\nms b 2 C5 MA\r\nhi\r\n",
    ]));
}

#[test]
fn keys_in_base64() {
    compare(&scripts(&[
        "ms YQ== 2 b k\r\nhi\r\nmg YQ== b k v\r\nmg a v\r\nget a\r\nmd YQ== b k\r\nmg YQ== b k\r\n",
        "ms AAEC/w== 2 b\r\nhi\r\nmg AAEC/w== b v k\r\nma AAEC/w== b\r\nmd AAEC/w== b q\r\nmg AAEC/w== b\r\n",
        "mg !!! b k v\r\nmg a b\r\nms a 2 b\r\nhi\r\nmg YQ= b\r\nmg YQ b\r\nmd a b\r\nma a b\r\nmn\r\n",
        "ma Y291bnQ= b N0 k v\r\nma Y291bnQ= b k v\r\nget count\r\n",
    ]));
}

#[test]
fn bad_flags() {
    let long = "k".repeat(251);
    let many = "v ".repeat(20);
    let mut all = scripts(&[
        "mg a S100\r\nmg a a a\r\nmg a v v\r\nmg a Nx\r\nmg a Tx\r\nmg a Rx\r\nmg a Cx\r\nmg a @\r\nmg a N\r\n",
        "md a @\r\nmd a v v\r\nmd a Cx\r\nma a @\r\nma a MX\r\nma a Dx\r\nma a Jx\r\nma a v v\r\n",
        "me\r\nme zz\r\nmd\r\nma\r\nms\r\n",
        "mg a N1 R1 T1 O1 b\r\n",
    ]);
    for line in [
        format!("mg {long}\r\nmg {long} v\r\nmd {long}\r\nma {long}\r\nme {long}\r\nmn\r\n"),
        format!("ms {long} 2\r\nhi\r\nmn\r\n"),
        format!("mg {} v\r\nms {0} 2\r\nhi\r\nmg {0} k v\r\n", &long[1..]),
        format!("mg a {many}\r\nmd a {many}\r\nma a {many}\r\nmn\r\n"),
        format!("ms a 2 {many}\r\nmn\r\n"),
        format!("set a 0 0 1\r\nx\r\nmg a O{0}\r\nmg a O{0}x\r\nmn\r\n", "x".repeat(31)),
        format!("ms a 2000000\r\n{}\r\nmn\r\n", "x".repeat(2_000_000)),
        format!("ms a 2\r\nhi\r\nms a 2000000 MA\r\n{}\r\nmg a v\r\n", "x".repeat(2_000_000)),
    ] {
        all.push(line.into_bytes());
    }
    compare(&all);
}

#[test]
fn deleting_and_counting() {
    compare(&scripts(&[
        "md a\r\nmd a q\r\nms a 2\r\nhi\r\nmd a k O1\r\nms a 2\r\nhi\r\nmd a q\r\nmg a\r\n",
        "ms a 2\r\nhi\r\nmd a C1 k\r\nmd a C1 q\r\nmg a v\r\n",
        "ma n\r\nma n q\r\nma n N0 J10 t c v\r\nma n t c v\r\nma n MD D3 v\r\nma n M- D100 v\r\nma n M+ D5 v k O3\r\nget n\r\n",
        "ma n N100 J5 t v\r\nma n t N5 v\r\nma n t\r\nma n T10 t v\r\nma n t T20\r\nma n t\r\n",
        "ma n N0\r\nma n C1\r\nma n q k\r\nma n MI D18446744073709551615 v\r\nms n 3\r\nabc\r\nma n\r\nma n q\r\n",
        "ms n 2\r\n99\r\nma n v\r\nma n MD v\r\nget n\r\n",
    ]));
}

#[test]
fn one_client_recaches() {
    compare(&scripts(&[
        "mg a N30 t v c k\r\nmg a N30 t v c\r\nget a\r\nms a 2 T0\r\nhi\r\nmg a v t\r\n",
        "ms a 2 c\r\nhi\r\nmd a I T30 k O4\r\nmg a v t c\r\nmg a v t c\r\nmg a\r\nget a\r\nms a 2\r\nyo\r\nmg a v\r\n",
        "set q 0 100 2\r\nhi\r\nmg q t R30 v\r\nmg q t R200 v\r\nmg q t R200 v\r\nmg q\r\nms q 2 T0\r\nhi\r\nmg q R30 t\r\n",
        "ms a 2 c\r\nhi\r\nmd a I\r\nms a 2 C1\r\nxx\r\nms a 2 C1 I c\r\nxx\r\nmg a v\r\nms a 2 C1 I\r\nyy\r\nmg a v\r\nms a 2 C18446744073709551615 I\r\nzz\r\n",
        "ms a 2\r\nhi\r\nmd a I q\r\nmg a v\r\nmd a I\r\nmg a v\r\nmg a v\r\nmd a\r\nmg a v\r\n",
        "ms a 2\r\nhi\r\nmd a I\r\nma a\r\nappend a 0 0 1\r\nx\r\nmg a v\r\n",
        "ms a 1\r\n1\r\nmd a I\r\nma a v\r\nmg a v\r\nmg a v\r\n",
        "mg a N30\r\ntouch a 50\r\nmg a t\r\nmg a T10 t\r\nmg a h\r\nadd a 0 0 1\r\nx\r\nmg a v\r\n",
        "mg a N30 q\r\nmg b N30 q k\r\nmg b q\r\nmn\r\n",
    ]));
}
