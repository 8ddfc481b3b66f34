//! The words of a step.

/// Splits at blanks; "quotes" keep what is between them together, `¶` is an end of line in it.
pub fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut is_word, mut is_quoted) = (false, false);
    for letter in text.chars() {
        match letter {
            '"' => {
                is_quoted = !is_quoted;
                is_word = true;
            }
            ' ' if !is_quoted => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                is_word = true;
                word.push(if letter == '¶' { '\n' } else { letter });
            }
        }
    }
    assert!(!is_quoted, "{text}: a quote without its end");
    if is_word {
        words.push(word);
    }
    words
}

/// Puts ids in the place of `@name`.
pub fn with_ids(word: &str, id_of: impl Fn(&str) -> Option<i64>) -> String {
    let Some((before, name)) = word.split_once('@') else { return word.to_owned() };
    match id_of(name) {
        Some(id) => format!("{before}{id}"),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_and_quotes() {
        assert_eq!(split("SET k  \"a b\" \"\""), ["SET", "k", "a b", ""]);
        assert_eq!(with_ids("x=@b", |name| (name == "b").then_some(7)), "x=7");
        assert_eq!(with_ids("user@host", |_| None), "user@host");
    }
}
