//! Builders of what is no longer written: ziplists, zipmaps, old files. Straight from the description of the formats.

use polycache_core::rdb::crc64::crc64;

/// A length as files have it.
pub fn length(length: usize) -> Vec<u8> {
    match length {
        0..=63 => vec![length as u8],
        64..=16_383 => vec![0x40 | (length >> 8) as u8, length as u8],
        _ => [vec![0x80], (length as u32).to_be_bytes().to_vec()].concat(),
    }
}

/// A string as files have it.
pub fn string(bytes: &[u8]) -> Vec<u8> {
    [length(bytes.len()), bytes.to_vec()].concat()
}

/// An element of a ziplist: bytes, or a number of some width.
#[derive(Clone)]
pub enum Element {
    Text(Vec<u8>),
    /// One of the thirteen numbers that need no byte of their own.
    Tiny(u8),
    Wide(i64, usize),
}

pub fn text(bytes: &[u8]) -> Element {
    Element::Text(bytes.to_vec())
}

/// A ziplist; `counted` is whether its header tells the number of elements.
pub fn ziplist(elements: &[Element], counted: bool) -> Vec<u8> {
    let mut body = Vec::new();
    let (mut before, mut last) = (0_usize, 10_usize);
    for element in elements {
        let start = body.len();
        last = 10 + start;
        if before < 254 {
            body.push(before as u8);
        } else {
            body.push(254);
            body.extend((before as u32).to_le_bytes());
        }
        match element {
            Element::Text(bytes) => {
                match bytes.len() {
                    len @ 0..=63 => body.push(len as u8),
                    len @ 64..=16_383 => body.extend([0x40 | (len >> 8) as u8, len as u8]),
                    len => {
                        body.push(0x80);
                        body.extend((len as u32).to_be_bytes());
                    }
                }
                body.extend(bytes);
            }
            Element::Tiny(number) => body.push(0xf1 + number),
            Element::Wide(number, width) => {
                body.push(match width {
                    1 => 0xfe,
                    2 => 0xc0,
                    3 => 0xf0,
                    4 => 0xd0,
                    _ => 0xe0,
                });
                body.extend(&number.to_le_bytes()[..*width]);
            }
        }
        before = body.len() - start;
    }
    let count = if counted { elements.len() as u16 } else { u16::MAX };
    let total = (10 + body.len() + 1) as u32;
    [&total.to_le_bytes()[..], &(last as u32).to_le_bytes(), &count.to_le_bytes(), &body, &[0xff]].concat()
}

/// A zipmap; behind each value lie `unused` bytes.
pub fn zipmap(pairs: &[(&[u8], &[u8])], unused: u8) -> Vec<u8> {
    let length = |len: usize| match len {
        0..=253 => vec![len as u8],
        _ => [vec![254], (len as u32).to_le_bytes().to_vec()].concat(),
    };
    let mut bytes = vec![pairs.len().min(254) as u8];
    for (field, value) in pairs {
        bytes.extend(length(field.len()));
        bytes.extend(*field);
        bytes.extend(length(value.len()));
        bytes.push(unused);
        bytes.extend(*value);
        bytes.extend(vec![0; usize::from(unused)]);
    }
    bytes.push(0xff);
    bytes
}

/// A file: magic, what is between, end mark and checksum.
pub fn file(magic: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = [magic, body, &[0xff]].concat();
    let sum = crc64(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// A key of `code` with its value.
pub fn key(code: u8, name: &str, value: &[u8]) -> Vec<u8> {
    [&[code][..], &string(name.as_bytes()), value].concat()
}
