//! DEBUG PROTOCOL: a reply of each type, for the tests of clients.

use polycache_core::command::{Ctx, Failure, Outcome, Protocol};

use crate::client::{Client, Face};

/// `DEBUG PROTOCOL type`
pub(super) fn protocol(ctx: &mut Ctx<'_>, kind: &[u8]) -> Outcome {
    const UNKNOWN: Failure = Failure::text(
        "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|\
         set|map|attrib|push|verbatim|true|false",
    );
    // Types that no other command replies with are written as they go over the wire.
    let raw = ctx.reply.protocol() == Protocol::Resp3 && Client::of(ctx.host).entry.face == Face::Resp;
    match kind.to_ascii_lowercase().as_slice() {
        b"string" => ctx.reply.bulk(b"Hello World"),
        b"integer" => ctx.reply.integer(12345),
        // What Valkey replies; it is not meant as pi.
        #[allow(clippy::approx_constant)]
        b"double" => ctx.reply.double(3.141),
        b"bignum" if raw => ctx.reply.bulk_piece(b"(1234567999999999999999999999999999999\r\n"),
        b"bignum" => ctx.reply.bulk(b"1234567999999999999999999999999999999"),
        b"attrib" => {
            if raw {
                ctx.reply.bulk_piece(b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n");
            }
            ctx.reply.bulk(b"Some real reply following the attribute");
        }
        b"push" if raw => {
            ctx.reply.bulk(b"Some real reply following the push reply");
            ctx.reply.bulk_piece(b">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n");
        }
        b"push" => return Err(Failure::text("ERR RESP2 is not supported by this command")),
        b"null" => ctx.reply.null(),
        b"array" => {
            ctx.reply.array(3);
            (0..3).for_each(|number| ctx.reply.integer(number));
        }
        b"set" => {
            ctx.reply.set(3);
            (0..3).for_each(|number| ctx.reply.integer(number));
        }
        b"map" => {
            ctx.reply.map(3);
            for number in 0..3 {
                ctx.reply.integer(number);
                ctx.reply.boolean(number == 1);
            }
        }
        b"verbatim" => ctx.reply.verbatim("txt", b"This is a verbatim\nstring"),
        b"true" => ctx.reply.boolean(true),
        b"false" => ctx.reply.boolean(false),
        _ => return Err(UNKNOWN),
    }
    Ok(())
}
