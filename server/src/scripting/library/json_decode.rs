//! `cjson.decode`: from JSON to values.

use crate::limits::JSON_DEPTH_MAX;
use crate::scripting::lua::{Raise, Stack};

/// Reads one value.
pub struct Decoder<'a> {
    stack: Stack,
    text: &'a [u8],
    at: usize,
    depth: usize,
    depth_max: usize,
    allow_invalid: bool,
}

/// What stands next, and where.
struct Token<'a> {
    kind: Kind<'a>,
    /// Where it begins.
    at: usize,
}

enum Kind<'a> {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    /// Without escapes.
    Plain(&'a [u8]),
    Text(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    Bad(&'static str),
}

impl Kind<'_> {
    fn name(&self) -> &'static str {
        match self {
            Kind::ObjectBegin => "T_OBJ_BEGIN",
            Kind::ObjectEnd => "T_OBJ_END",
            Kind::ArrayBegin => "T_ARR_BEGIN",
            Kind::ArrayEnd => "T_ARR_END",
            Kind::Plain(_) | Kind::Text(_) => "T_STRING",
            Kind::Number(_) => "T_NUMBER",
            Kind::Boolean(_) => "T_BOOLEAN",
            Kind::Null => "T_NULL",
            Kind::Colon => "T_COLON",
            Kind::Comma => "T_COMMA",
            Kind::End => "T_END",
            Kind::Bad(what) => what,
        }
    }
}

/// Places that a level of nesting takes.
const PLACES: i32 = 6;
const INVALID_TOKEN: Kind<'static> = Kind::Bad("invalid token");

impl<'a> Decoder<'a> {
    pub fn new(stack: Stack, text: &'a [u8], depth_max: usize, allow_invalid: bool) -> Decoder<'a> {
        let depth_max = depth_max.min(JSON_DEPTH_MAX);
        Decoder { stack, text, at: 0, depth: 0, depth_max, allow_invalid }
    }

    /// Pushes the value that the text is.
    pub fn decode(mut self) -> Result<(), Raise> {
        // As in the original: two bytes of zero are another encoding of Unicode.
        if let [first, second, ..] = self.text
            && (*first == 0 || *second == 0)
        {
            return Err(Raise::text("JSON parser does not support UTF-16 or UTF-32"));
        }
        let token = self.token();
        self.value(token)?;
        let token = self.token();
        if matches!(token.kind, Kind::End) { Ok(()) } else { Err(refuse("the end", &token)) }
    }

    fn value(&mut self, token: Token<'_>) -> Result<(), Raise> {
        let stack = self.stack;
        match token.kind {
            Kind::Plain(text) => stack.push_bytes(text),
            Kind::Text(text) => stack.push_bytes(&text),
            Kind::Number(value) => stack.push_number(value),
            Kind::Boolean(value) => stack.push_boolean(value),
            Kind::Null => stack.push_light(0),
            Kind::ObjectBegin => return self.object(),
            Kind::ArrayBegin => return self.array(),
            _ => return Err(refuse("value", &token)),
        }
        Ok(())
    }

    fn descend(&mut self) -> Result<(), Raise> {
        self.depth += 1;
        if self.depth > self.depth_max || !self.stack.reserve(PLACES) {
            return Err(Raise::text(format!(
                "Found too many nested data structures ({}) at character {}",
                self.depth, self.at
            )));
        }
        Ok(())
    }

    fn object(&mut self) -> Result<(), Raise> {
        self.descend()?;
        self.stack.new_table(0, 0);
        let mut token = self.token();
        if matches!(token.kind, Kind::ObjectEnd) {
            self.depth -= 1;
            return Ok(());
        }
        loop {
            match token.kind {
                Kind::Plain(key) => self.stack.push_bytes(key),
                Kind::Text(ref key) => self.stack.push_bytes(key),
                _ => return Err(refuse("object key string", &token)),
            }
            token = self.token();
            if !matches!(token.kind, Kind::Colon) {
                return Err(refuse("colon", &token));
            }
            let token_of_value = self.token();
            self.value(token_of_value)?;
            self.stack.set(-3);
            token = self.token();
            match token.kind {
                Kind::ObjectEnd => break,
                Kind::Comma => token = self.token(),
                _ => return Err(refuse("comma or object end", &token)),
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn array(&mut self) -> Result<(), Raise> {
        self.descend()?;
        self.stack.new_table(0, 0);
        let mut token = self.token();
        if matches!(token.kind, Kind::ArrayEnd) {
            self.depth -= 1;
            return Ok(());
        }
        for index in 1.. {
            self.value(token)?;
            self.stack.set_index(-2, index);
            token = self.token();
            match token.kind {
                Kind::ArrayEnd => break,
                Kind::Comma => token = self.token(),
                _ => return Err(refuse("comma or array end", &token)),
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn token(&mut self) -> Token<'a> {
        while self.text.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        let at = self.at;
        let Some(&first) = self.text.get(at) else { return Token { kind: Kind::End, at } };
        let single = |this: &mut Self, kind| {
            this.at += 1;
            kind
        };
        let kind = match first {
            b'{' => single(self, Kind::ObjectBegin),
            b'}' => single(self, Kind::ObjectEnd),
            b'[' => single(self, Kind::ArrayBegin),
            b']' => single(self, Kind::ArrayEnd),
            b',' => single(self, Kind::Comma),
            b':' => single(self, Kind::Colon),
            b'"' => return self.string(),
            b'0'..=b'9' | b'-' | b'+' => self.number(),
            _ if self.word(b"true") => Kind::Boolean(true),
            _ if self.word(b"false") => Kind::Boolean(false),
            _ if self.word(b"null") => Kind::Null,
            b'i' | b'I' | b'n' | b'N' if self.allow_invalid => self.number_or(INVALID_TOKEN),
            _ => INVALID_TOKEN,
        };
        Token { kind, at }
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let is = self.text[self.at..].starts_with(word);
        if is {
            self.at += word.len();
        }
        is
    }

    fn number(&mut self) -> Kind<'a> {
        let rest = &self.text[self.at..];
        let digits = rest.strip_prefix(b"-").unwrap_or(rest);
        let is_strange = match digits {
            [b'0', b'x' | b'X', ..] | [b'0', b'0'..=b'9', ..] => true,
            [first, ..] => first.is_ascii_alphabetic() || (rest[0] == b'+'),
            [] => false,
        };
        if is_strange && !self.allow_invalid {
            return Kind::Bad("invalid number");
        }
        self.number_or(Kind::Bad("invalid number"))
    }

    /// A number as `strtod` reads it.
    fn number_or(&mut self, otherwise: Kind<'a>) -> Kind<'a> {
        match super::json::leading_number(&self.text[self.at..]) {
            Some((value, bytes)) => {
                self.at += bytes;
                Kind::Number(value)
            }
            None => otherwise,
        }
    }

    fn string(&mut self) -> Token<'a> {
        let begin = self.at;
        let mut at = begin + 1;
        let mut text: Option<Vec<u8>> = None;
        loop {
            let rest = &self.text[at..];
            let Some(special) = memchr::memchr2(b'"', b'\\', rest) else {
                let kind = Kind::Bad("unexpected end of string");
                return Token { kind, at: self.text.len() };
            };
            let piece = &rest[..special];
            at += special;
            if self.text[at] == b'"' {
                self.at = at + 1;
                let kind = match text {
                    None => Kind::Plain(piece),
                    Some(mut text) => {
                        text.extend_from_slice(piece);
                        Kind::Text(text)
                    }
                };
                return Token { kind, at: begin };
            }
            let text = text.get_or_insert_default();
            text.extend_from_slice(piece);
            let escape = self.text.get(at + 1).copied().unwrap_or(0);
            let plain = match escape {
                b'"' | b'\\' | b'/' => escape,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'u' => match code_point(&self.text[at..]) {
                    Some((point, bytes)) => {
                        text.extend_from_slice(point.encode_utf8(&mut [0; 4]).as_bytes());
                        at += bytes;
                        continue;
                    }
                    None => {
                        return Token { kind: Kind::Bad("invalid unicode escape code"), at };
                    }
                },
                _ => return Token { kind: Kind::Bad("invalid escape code"), at },
            };
            text.push(plain);
            at += 2;
        }
    }
}

/// The character at the escape that `text` begins with, and how long the escape is.
fn code_point(text: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
    };
    let first = unit(0)?;
    if first & 0xfc00 != 0xd800 {
        return Some((char::from_u32(first)?, 6));
    }
    let second = unit(6).filter(|second| second & 0xfc00 == 0xdc00)?;
    Some((char::from_u32(((first & 0x3ff) << 10 | (second & 0x3ff)) + 0x10000)?, 12))
}

fn refuse(wanted: &str, token: &Token<'_>) -> Raise {
    Raise::text(format!("Expected {wanted} but found {} at character {}", token.kind.name(), token.at + 1))
}
